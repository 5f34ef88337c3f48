package models

import (
	"fmt"
	"slices"
	"strings"
)

// Weights are the numbers of a factor or a parameter: Data, or drawn or made by
// Identity, Normal, Uniform and Signs.
type Weights interface{ numbers() *value }

// Data are numbers as such: Number, Values, Array or File.
type Data interface {
	Weights
	data()
}

type weights struct{ value *value }

func (w weights) numbers() *value { return w.value }

type data struct{ weights }

func (data) data() {}

func weightsOf(w Weights, p place) *value {
	if w == nil {
		return bad(p, "", "no numbers are given")
	}
	return w.numbers()
}

func dataOf(d Data, p place) *value {
	if d == nil {
		return bad(p, "", "no numbers are given")
	}
	return d.numbers()
}

// Number is one number, the same for all rows and states.
func Number(v float64) Data { return data{weights{number(here().at(1), v)}} }

// Nested is an entry of a list of numbers: a number, a row, or a table.
type Nested interface {
	int | float64 | []float64 | [][]float64 | [][][]float64
}

// Values is a nested list of numbers, given by the entries of its first axis.
// Spread a slice: Values(w...).
func Values[T Nested](v ...T) Data {
	p := here()
	a := &array{byArgument: true}
	if err := a.append(0, []T(v)); err != "" {
		return data{weights{bad(p, "rows of one depth have the same length", "%s", err)}}
	}
	return data{weights{&value{kind: arrayValue, array: a, place: p}}}
}

// append adds a nested slice at a depth; all slices of one depth must have one
// length. It returns what is wrong.
func (a *array) append(depth int, nested any) string {
	length := func(n int) string {
		if depth == len(a.shape) {
			a.shape = append(a.shape, n)
		}
		if a.shape[depth] != n {
			return fmt.Sprintf("a list of %d stands where the first of its depth has %d", n, a.shape[depth])
		}
		return ""
	}
	switch s := nested.(type) {
	case []int:
		for _, n := range s {
			a.floats = append(a.floats, float64(n))
		}
		return length(len(s))
	case []float64:
		a.floats = append(a.floats, s...)
		return length(len(s))
	case [][]float64:
		return appendAll(a, depth, s, length(len(s)))
	case [][][]float64:
		return appendAll(a, depth, s, length(len(s)))
	case [][][][]float64:
		return appendAll(a, depth, s, length(len(s)))
	}
	return ""
}

func appendAll[T any](a *array, depth int, list []T, err string) string {
	for i := 0; i < len(list) && err == ""; i++ {
		err = a.append(depth+1, list[i])
	}
	return err
}

// Array is numbers of any shape, row-major.
func Array(shape []int, values []float64) Data {
	p := here()
	size := 1
	for _, n := range shape {
		if n < 0 || n > 0 && size > (1<<40)/n {
			return data{weights{bad(p.at(1), "", "the shape %s cannot be", shapeName(shape))}}
		}
		size *= n
	}
	if size != len(values) {
		return data{weights{bad(p.at(1), "", "an array of shape %s has %d numbers, %d are given", shapeName(shape), size, len(values))}}
	}
	a := &array{shape: slices.Clone(shape), floats: slices.Clone(values)}
	return data{weights{&value{kind: arrayValue, array: a, place: p}}}
}

func shapeName(shape []int) string { return strings.ReplaceAll(fmt.Sprint(shape), " ", ", ") }

// File is numbers in a file beside the model: "w.npy", or "w.npz#key" for one
// array of several. For a model function the folder is that of its package.
func File(name string) Data {
	p := here()
	return data{weights{mapping(p, field{"file", text(p.at(1), name)})}}
}

// Identity is v times the identity, for two categorical slots: v where their
// states are equal, 0 elsewhere.
func Identity(v float64) Weights {
	p := here()
	return weights{mapping(p, field{"identity", number(p.at(1), v)})}
}

// Normal draws from the normal law of a mean and a standard deviation.
func Normal(mean, sd float64, seed int64) Weights { return drawn(here(), "normal", mean, sd, seed) }

// Uniform draws from [lo, hi].
func Uniform(lo, hi float64, seed int64) Weights { return drawn(here(), "uniform", lo, hi, seed) }

func drawn(p place, law string, a, b float64, seed int64) Weights {
	return weights{mapping(p, field{law, list(p, number(p.at(1), a), number(p.at(2), b))}, field{"seed", integer(p.at(3), seed)})}
}

// Signs draws -v or +v, both with probability 1/2.
func Signs(v float64, seed int64) Weights {
	p := here()
	return weights{mapping(p, field{"signs", number(p.at(1), v)}, field{"seed", integer(p.at(2), seed)})}
}
