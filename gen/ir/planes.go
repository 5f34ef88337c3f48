package ir

// MaxPlanes is the largest Format.Planes: a threshold of so many bits is exact.
const MaxPlanes = 32

// OnlySpins reports whether all nodes are spins that are updated in integers, which
// bit planes ask for.
func (p *Program) OnlySpins() bool {
	for _, v := range p.Vars {
		if v.Kind != Spin {
			return false
		}
	}
	for _, float := range p.FloatNodes() {
		if float {
			return false
		}
	}
	return true
}

// planes checks what bit planes need.
func (v *verifier) planes() {
	f := &v.p.Format
	switch {
	case f.Planes < 1 || f.Planes > MaxPlanes || f.ThresholdBits != f.Planes:
		v.fault("format: %d planes, threshold_bits %d", f.Planes, f.ThresholdBits)
	case f.Noise || f.Group > 1 || v.p.Stream.Generator != "":
		v.fault("format: planes with groups or the rules of hardware")
	case !v.p.OnlySpins():
		v.fault("format: planes with nodes that are no spins, or not updated in integers")
	}
}
