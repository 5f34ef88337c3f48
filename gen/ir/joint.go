package ir

import "github.com/thrmlgen/thrmlgen/runtime/sampling"

// The text of joint moves.

func (t *printer) joint(j *sampling.Joint) {
	t.f(" joint step")
	t.rate(&j.StepSize)
	t.f(" noise")
	t.rate(&j.NoiseScale)
	t.f(" steps %d friction %s momentum %s adapt %s mass %d:", j.Steps, number(j.Friction), number(j.Momentum), number(j.Adapt), len(j.Mass))
	for _, m := range j.Mass {
		t.f(" %s", number(m))
	}
}

func (t *printer) rate(r *sampling.Rate) {
	t.f(" %s from %s to %s sweeps %d factor %s least %s rise %d at", t.name(r.Shape), number(r.From), number(r.To), r.Sweeps,
		number(r.Factor), number(r.Least), r.Rise)
	at := make([]int32, len(r.At))
	for i, n := range r.At {
		at[i] = int32(n)
	}
	t.ints(at)
}

func (t *parser) joint() *sampling.Joint {
	j := &sampling.Joint{}
	t.keys("step")
	j.StepSize = t.rate()
	t.keys("noise")
	j.NoiseScale = t.rate()
	j.Steps, j.Friction, j.Momentum, j.Adapt = t.int("steps"), t.float("friction"), t.float("momentum"), t.float("adapt")
	t.keys("mass")
	for n := t.count(); n > 0 && t.err == nil; n-- {
		j.Mass = append(j.Mass, t.float(""))
	}
	return j
}

func (t *parser) rate() sampling.Rate {
	r := sampling.Rate{Shape: t.name(), From: t.float("from"), To: t.float("to"), Sweeps: t.int("sweeps"), Factor: t.float("factor"),
		Least: t.float("least"), Rise: t.int("rise")}
	for _, n := range t.ints("at") {
		r.At = append(r.At, int(n))
	}
	return r
}

// DenseBlock is the block of the joint move if its forces are dense, else nil.
func (p *Program) DenseBlock() *Block {
	if len(p.Sweep) == 0 {
		return nil
	}
	b := &p.Sweep[len(p.Sweep)-1][0]
	count := len(b.Nodes)
	if b.Joint == nil || count < 16 {
		return nil
	}
	moved := make([]bool, p.Nodes)
	for _, n := range b.Nodes {
		moved[n] = true
	}
	pairs := 0
	for i := range p.Factors {
		f := &p.Factors[i]
		for r := range f.Rows {
			row := f.Index[r*len(f.Slots):][:len(f.Slots)]
			for j, n := range row {
				if len(row) > 1 && f.Slots[j].Power == 2 && moved[n] {
					return nil
				}
			}
			if f.Pair() && moved[row[0]] && moved[row[1]] {
				pairs++
			}
		}
	}
	if 4*pairs < count*(count-1) {
		return nil
	}
	return b
}

// Pair reports whether rows hold two continuous nodes to the power 1, and nothing else.
func (f *Factor) Pair() bool {
	number := func(s Slot) bool { return s.Kind == Continuous && s.Power == 1 }
	return len(f.Slots) == 2 && number(f.Slots[0]) && number(f.Slots[1])
}
