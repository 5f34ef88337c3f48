package sampling

func (e *codecWriter) formula(x *Formula) {
	e.text(x.Name)
	e.int(x.Rows)
	e.params(x.Params)
	e.count(len(x.Arrays))
	for _, name := range x.Arrays {
		e.text(name)
	}
	e.count(len(x.Parts))
	for _, p := range x.Parts {
		e.int(p.Factor)
		e.ops(p.Weight)
		e.slopes(p.Slopes)
	}
	e.count(len(x.Codes))
	for _, c := range x.Codes {
		e.int(c.Factor)
		e.slopes(c.Slopes)
	}
}

func (e *codecWriter) slopes(list []FormulaSlope) {
	e.count(len(list))
	for _, s := range list {
		e.int(s.Param)
		e.ops(s.At)
		e.ops(s.By)
	}
}

func (d *codecReader) formula() Formula {
	x := Formula{Name: d.text(), Rows: d.int()}
	x.Params = d.params()
	x.Arrays = codecList(d, 4, (*codecReader).text)
	x.Parts = codecList(d, 16, func(d *codecReader) FormulaPart {
		return FormulaPart{Factor: d.int(), Weight: d.ops(), Slopes: d.slopes()}
	})
	x.Codes = codecList(d, 12, func(d *codecReader) FormulaCode { return FormulaCode{d.int(), d.slopes()} })
	return x
}

func (d *codecReader) slopes() []FormulaSlope {
	return codecList(d, 16, func(d *codecReader) FormulaSlope {
		return FormulaSlope{Param: d.int(), At: d.ops(), By: d.ops()}
	})
}
