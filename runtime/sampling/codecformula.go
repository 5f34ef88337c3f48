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
	}
	e.count(len(x.Codes))
	for _, c := range x.Codes {
		e.int(c)
	}
}

func (d *codecReader) formula() Formula {
	x := Formula{Name: d.text(), Rows: d.int()}
	x.Params = d.params()
	x.Arrays = codecList(d, 4, (*codecReader).text)
	x.Parts = codecList(d, 12, func(d *codecReader) FormulaPart { return FormulaPart{Factor: d.int(), Weight: d.ops()} })
	x.Codes = codecList(d, 8, (*codecReader).int)
	return x
}
