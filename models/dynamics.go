package models

// Rate is a number that changes with the sweeps, in the shapes of the model file:
// "constant", "linear", "cosine" (From, To, Sweeps), "exponential" (From, Factor, Least)
// and "multi_step" (From, Factor, At), after a Rise of so many sweeps.
type Rate struct {
	Shape         string
	From, To      float64
	Sweeps        int
	Factor, Least float64
	At            []int
	Rise          int
}

// rate writes a number, or the rate that stands in its place.
func rate(p place, x float64, r *Rate) *value {
	if r == nil {
		return number(p, x)
	}
	var f []field
	switch r.Shape {
	case "linear", "cosine":
		f = append(f, field{r.Shape, list(p, number(p, r.From), number(p, r.To))}, field{"sweeps", integer(p, r.Sweeps)})
	default: // what is no shape is refused by the reader
		f = append(f, field{r.Shape, number(p, r.From)})
	}
	if r.Factor != 0 {
		f = append(f, field{"factor", number(p, r.Factor)})
	}
	if r.Least != 0 {
		f = append(f, field{"least", number(p, r.Least)})
	}
	if r.At != nil {
		f = append(f, field{"at", integersAt(p, r.At)})
	}
	if r.Rise != 0 {
		f = append(f, field{"rise", integer(p, r.Rise)})
	}
	return mapping(p, f...)
}

// Langevin is a joint move of the continuous variables in Over. The rates, where they are
// set, stand in place of the numbers.
type Langevin struct {
	Over       Nodes
	StepSize   float64
	NoiseScale float64
	StepRate   *Rate
	NoiseRate  *Rate
}

// Langevin makes a Langevin move the last block of a sweep.
func (m *Model) Langevin(s Langevin) {
	p := here().at(1)
	m.dynamics(p, "langevin", s.Over, s.StepSize, s.StepRate, field{"noise_scale", rate(p.in("NoiseScale"), s.NoiseScale, s.NoiseRate)})
}

// MALA is a joint move of the continuous variables in Over by the
// Metropolis-adjusted Langevin algorithm. Adapt above 0 is the acceptance that warm-up
// fits the step to.
type MALA struct {
	Over     Nodes
	StepSize float64
	Adapt    float64
	StepRate *Rate
}

// MALA makes such a move the last block of a sweep.
func (m *Model) MALA(s MALA) {
	p := here().at(1)
	m.dynamics(p, "mala", s.Over, s.StepSize, s.StepRate, adapted(p, s.Adapt)...)
}

// HMC is a joint move of the continuous variables in Over by Hamiltonian Monte
// Carlo. Mass is that of every node, or one number for all; nil: 1. Adapt is as in MALA.
type HMC struct {
	Over     Nodes
	StepSize float64
	Steps    int
	Mass     []float64
	Adapt    float64
	StepRate *Rate
}

// HMC makes a Hamiltonian move the last block of a sweep.
func (m *Model) HMC(s HMC) {
	p := here().at(1)
	more := append([]field{{"steps", integer(p.in("Steps"), s.Steps)}}, masses(p, s.Mass)...)
	m.dynamics(p, "hmc", s.Over, s.StepSize, s.StepRate, append(more, adapted(p, s.Adapt)...)...)
}

// Underdamped is a Langevin move with a momentum of the continuous variables in Over.
// Mass is as in HMC.
type Underdamped struct {
	Over       Nodes
	StepSize   float64
	Friction   float64
	NoiseScale float64
	Mass       []float64
	StepRate   *Rate
	NoiseRate  *Rate
}

// Underdamped makes such a move the last block of a sweep.
func (m *Model) Underdamped(s Underdamped) {
	p := here().at(1)
	more := []field{{"friction", number(p.in("Friction"), s.Friction)}, {"noise_scale", rate(p.in("NoiseScale"), s.NoiseScale, s.NoiseRate)}}
	m.dynamics(p, "underdamped", s.Over, s.StepSize, s.StepRate, append(more, masses(p, s.Mass)...)...)
}

// Gradient is a step of the continuous variables in Over down the gradient of the energy.
type Gradient struct {
	Over     Nodes
	StepSize float64
	StepRate *Rate
}

// Gradient makes such a step the last block of a sweep.
func (m *Model) Gradient(s Gradient) {
	m.dynamics(here().at(1), "gradient", s.Over, s.StepSize, s.StepRate)
}

// Nesterov is a step down the gradient with a momentum.
type Nesterov struct {
	Over     Nodes
	StepSize float64
	Momentum float64
	StepRate *Rate
}

// Nesterov makes such a step the last block of a sweep.
func (m *Model) Nesterov(s Nesterov) {
	p := here().at(1)
	m.dynamics(p, "nesterov", s.Over, s.StepSize, s.StepRate, field{"momentum", number(p.in("Momentum"), s.Momentum)})
}

func adapted(p place, adapt float64) []field {
	if adapt == 0 {
		return nil
	}
	return []field{{"adapt", number(p.in("Adapt"), adapt)}}
}

func masses(p place, mass []float64) []field {
	if mass == nil {
		return nil
	}
	p = p.in("Mass")
	if len(mass) == 1 {
		return []field{{"mass", number(p, mass[0])}}
	}
	var all []*value
	for _, m := range mass {
		all = append(all, number(p, m))
	}
	return []field{{"mass", list(p, all...)}}
}

func (m *Model) dynamics(p place, kind string, over Nodes, step float64, r *Rate, more ...field) {
	all := append([]field{{"over", m.own(over, p.in("Over")).value}, {"step_size", rate(p.in("StepSize"), step, r)}}, more...)
	m.set("dynamics", mapping(p, field{kind, mapping(p, all...)}))
}
