package observe

import (
	"encoding/json"
	"fmt"

	"github.com/thrmlgen/thrmlgen/runtime/rng"
	"github.com/thrmlgen/thrmlgen/runtime/sampling"
)

// Meta says where a result comes from. It is the member meta of result files, as
// JSON in a uint8 array.
type Meta struct {
	Model     string       `json:"model"`
	Hash      string       `json:"hash"`
	Target    string       `json:"target,omitempty"`
	Generator string       `json:"generator,omitempty"`
	Seed      uint64       `json:"seed"`
	Chains    int          `json:"chains"`
	Draws     int          `json:"draws"`
	Schedule  MetaSchedule `json:"schedule"`
	Resumed   bool         `json:"resumed"` // without warm-up
	Sweep     uint64       `json:"sweep"`   // sweeps done at the end, former runs included
	Beta      float64      `json:"beta"`
	Betas     []float64    `json:"betas,omitempty"` // of the warm-up
	Format    MetaFormat   `json:"format"`
	RNG       string       `json:"rng"`
	// FloatNodes are updated in float32; the bound of Format holds for the others.
	FloatNodes int `json:"float_nodes,omitempty"`
	// Skipped names factors whose moments were not taken.
	Skipped []string `json:"moments_skipped,omitempty"`
}

// MetaSchedule is sampling.Schedule as the model file spells it.
type MetaSchedule struct {
	Warmup         int `json:"warmup"`
	Samples        int `json:"samples"`
	StepsPerSample int `json:"steps_per_sample"`
}

// MetaFormat is what of sampling.Format decides samples, and the bound.
type MetaFormat struct {
	Profile       string  `json:"profile"`
	Fraction      int     `json:"fraction"`
	Segments      int     `json:"segments"`
	ThresholdBits int     `json:"threshold_bits"`
	Planes        int     `json:"planes,omitempty"`
	Digit         int     `json:"digit,omitempty"` // 8; else 16 bits
	Bound         float64 `json:"max_probability_error"`
}

func metaFormatOf(f sampling.Format) MetaFormat {
	return MetaFormat{f.Profile, f.Fraction, f.Segments, f.ThresholdBits, f.Planes, f.Digit, f.Bound}
}

// String is the format in a few words.
func (f MetaFormat) String() string {
	if f.Planes > 0 {
		return fmt.Sprintf("%d fraction bits, %d bit planes", f.Fraction, f.Planes)
	}
	text := fmt.Sprintf("%d fraction bits, %d segments, %d threshold bits", f.Fraction, f.Segments, f.ThresholdBits)
	if f.Digit > 0 && f.ThresholdBits == f.Digit {
		return fmt.Sprintf("%d fraction bits, single bytes", f.Fraction)
	}
	if f.Digit > 0 {
		text += fmt.Sprintf(", first digits of %d bits", f.Digit)
	}
	return text
}

// rngName is the generator of a model, as the model file names it.
func rngName(m *sampling.Model) string {
	if m.Stream.Generator != "" {
		return m.Stream.Generator
	}
	switch m.Rounds {
	case 10:
		return "philox"
	case rng.ARS5:
		return "ars5"
	}
	return fmt.Sprintf("philox%d", m.Rounds)
}

// jsonBytes is a value as an array of bytes for an .npz.
func jsonBytes(v any) ([]uint8, error) {
	b, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		return nil, fmt.Errorf("meta: %w", err)
	}
	return append(b, '\n'), nil
}
