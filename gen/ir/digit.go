package ir

// HasIntegerSpins reports whether there are spins that are updated in integers, which
// first digits of 8 bits are for.
func (p *Program) HasIntegerSpins() bool {
	float := p.FloatNodes()
	for _, v := range p.Vars {
		for n := range v.Count {
			if v.Kind == Spin && !float[v.First+n] {
				return true
			}
		}
	}
	return false
}

// SingleByte reports whether a byte decides a spin, with no second digit.
func (f *Format) SingleByte() bool { return f.Digit == 8 && f.ThresholdBits == 8 }

// digit checks what digits of 8 bits need.
func (v *verifier) digit() {
	f := &v.p.Format
	switch {
	case f.Digit != 8:
		v.fault("format: first digits of %d bits", f.Digit)
	case f.ThresholdBits != 32 && !f.SingleByte() || f.Planes > 0 || f.Noise || v.p.Stream.Generator != "":
		v.fault("format: first digits of 8 bits with other thresholds than of 8 or 32 bits")
	case f.SingleByte() && (f.Group > 1 || !v.p.OnlySpins()):
		v.fault("format: single bytes with groups, or nodes that are no spins updated in integers")
	case !v.p.HasIntegerSpins():
		v.fault("format: first digits of 8 bits without spins updated in integers")
	}
}
