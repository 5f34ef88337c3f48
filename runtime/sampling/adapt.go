package sampling

import "math"

// The step of mala and hmc is fitted in warm-up by dual averaging (Nesterov 2009, as
// Hoffman and Gelman 2014 use it), in every chain by itself. A chain keeps three
// numbers: the step in use, the mean of what the acceptance lacked, and the averaged
// step that serves after warm-up.
const (
	adaptStep = iota
	adaptLack
	adaptMean
	adaptNumbers

	adaptGamma = 0.05
	adaptFirst = 10 // t0: early sweeps count less
)

// adaptAt is the place of one of the numbers in a chain of the tile at hand.
func (w *worker) adaptAt(s *Sampler, j *jointPlan, number, lane, c int) *float32 {
	return &w.steps[((j.fits+number)*s.tile+lane)*64+c]
}

// fittedSizes fills the step size of each chain from what it keeps.
func (w *worker) fittedSizes(s *Sampler, j *jointPlan, lane int) {
	number := adaptMean
	if w.sweep < s.fitUntil {
		number = adaptStep
	}
	for c := range w.joint.size {
		w.joint.size[c] = float64(*w.adaptAt(s, j, number, lane, c))
	}
}

// adapt changes the step of a chain after a move with acceptance probability alpha.
func (w *worker) adapt(s *Sampler, j *jointPlan, lane, c int, alpha float64) {
	step, lack, mean := w.adaptAt(s, j, adaptStep, lane, c), w.adaptAt(s, j, adaptLack, lane, c), w.adaptAt(s, j, adaptMean, lane, c)
	t := float64(w.sweep) + 1
	share := 1 / (t + adaptFirst)
	*lack = float32(float64((1-share)*float64(*lack)) + float64(share*(j.Adapt-alpha)))
	root := math.Sqrt(t)
	x := Log(10*j.StepSize.From) - float64(root/adaptGamma*float64(*lack))
	*step = stepInside(Exp(x))
	weight := 1 / float64(root*math.Sqrt(root))
	*mean = stepInside(Exp(float64(weight*Log(float64(*step))) + float64((1-weight)*Log(float64(*mean)))))
}

// FirstStep is where the step of a joint move begins that warm-up fits.
func (j *Joint) FirstStep() float32 { return stepInside(j.StepSize.From) }

// stepInside is a step as float32, neither too small nor too large for one.
func stepInside(x float64) float32 {
	return min(max(float32(x), minStep), maxStep)
}

// Adapted are the numbers that the fitted step of a joint move consists of in one
// chain: the step in use, the mean lack of acceptance and the averaged step; ok is false
// where warm-up fits none.
func (s *Sampler) Adapted(chain int) (numbers [3]float32, ok bool) {
	if s.adaptRow < 0 {
		return numbers, false
	}
	for k := range numbers {
		numbers[k] = s.steps[s.chainAt(s.stepRows, s.adaptRow+k, chain)]
	}
	return numbers, true
}

// SetAdapted replaces the numbers of Adapted.
func (s *Sampler) SetAdapted(chain int, numbers [3]float32) {
	if s.adaptRow >= 0 {
		for k, x := range numbers {
			s.steps[s.chainAt(s.stepRows, s.adaptRow+k, chain)] = x
		}
	}
}

// AdaptedFits reports whether these numbers can be some of Adapted.
func AdaptedFits(x [3]float32) bool {
	return StepFits(x[adaptStep]) && finite(x[adaptLack]) && StepFits(x[adaptMean])
}
