package sampling

// The binary form of joint moves.

func (e *codecWriter) joint(j *Joint) {
	e.truth(j != nil)
	if j == nil {
		return
	}
	e.rate(&j.StepSize)
	e.rate(&j.NoiseScale)
	e.int(j.Steps)
	e.floats(j.Mass)
	e.float(j.Friction)
	e.float(j.Momentum)
	e.float(j.Adapt)
}

func (e *codecWriter) rate(r *Rate) {
	e.text(r.Shape)
	e.float(r.From)
	e.float(r.To)
	e.int(r.Sweeps)
	e.float(r.Factor)
	e.float(r.Least)
	e.ints(r.At)
	e.int(r.Rise)
}

func (d *codecReader) joint() *Joint {
	if !d.truth() {
		return nil
	}
	return &Joint{StepSize: d.rate(), NoiseScale: d.rate(), Steps: d.int(), Mass: d.floats(),
		Friction: d.float(), Momentum: d.float(), Adapt: d.float()}
}

func (d *codecReader) rate() Rate {
	return Rate{Shape: d.text(), From: d.float(), To: d.float(), Sweeps: d.int(), Factor: d.float(), Least: d.float(),
		At: d.ints(), Rise: d.int()}
}
