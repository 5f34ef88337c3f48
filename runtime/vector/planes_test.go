package vector_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/thrmlgen/thrmlgen/runtime/vector"
)

// planeKernel draws planes by ARS-5 or by Philox.
type planeKernel struct {
	kernel vector.Kernel
	ars    func(*vector.Planes, *vector.ArsPlanes)
	philox func(*vector.Planes, *vector.PhiloxPlanes)
}

// planeKernels are those that this processor runs.
func planeKernels() (here []planeKernel) {
	for _, x := range []planeKernel{
		{vector.AVX512, vector.ArsPlanes512, nil}, {vector.AVX512, nil, vector.PhiloxPlanes512},
		{vector.AVX2, vector.ArsPlanes256, nil}, {vector.AVX2, nil, vector.PhiloxPlanes256},
		{vector.NEON, vector.ArsPlanes128, nil}, {vector.NEON, nil, vector.PhiloxPlanes128},
	} {
		if slices.Contains(vector.Kernels(), x.kernel) && (x.ars == nil || x.kernel != vector.NEON || vector.ArmAES) {
			here = append(here, x)
		}
	}
	return here
}

// The kernels of bit planes touch nothing beyond their arguments, give the likely values
// where thresholds are 0, and the others where they are as high as can be.
func TestPlaneKernelBounds(t *testing.T) {
	kernels := planeKernels()
	if len(kernels) == 0 {
		t.Skip("no kernel here")
	}
	const fours, marks = 8, 2
	state, freeState := guarded[[6][8]uint64](t)
	out, freeOut := guarded[[2][8]uint64](t)
	nodes, freeNodes := guarded[[34]int32](t)
	class, freeClass := guarded[[vector.ClassAtPlaces + 2*marks + 4*marks*fours]uint64](t)
	at, freeAt := guarded[int64](t)
	live, freeLive := guarded[[8]uint64](t)
	scratch, freeScratch := guarded[vector.PlaneScratch](t)
	ars, freeArs := guarded[vector.ArsPlanes](t)
	philox, freePhilox := guarded[vector.PhiloxPlanes](t)
	r := rand.New(rand.NewPCG(7, 8))
	for i := range state {
		for j := range state[i] {
			state[i][j] = r.Uint64()
		}
	}
	for i := range live {
		live[i] = ^uint64(0)
	}
	// Row 0 counts one, the product of rows 1 and 2 turned round counts two.
	nodes[vector.PlaneAtOut], nodes[vector.PlaneAtSize], nodes[vector.PlaneAtOdd] = 0, 4*17, 1|2
	copy(nodes[vector.PlaneAtInputs:], []int32{0, 0, 64, vector.PlaneMore, 128, vector.PlaneFlip})
	// Rows 3 to 5 count one each.
	few := nodes[17:]
	few[vector.PlaneAtOut], few[vector.PlaneAtSize], few[vector.PlaneAtOdd], few[vector.PlaneAtFew] = 64, 4*17, 1, 3
	few[vector.PlaneAtPairs] = 1
	copy(few[vector.PlaneAtInputs:], []int32{192, 0, 256, 0, 320, 0})
	place := func(q uint64) uint64 { return 64*q | 512<<32 }
	copy(class[:], []uint64{marks, marks, 0, 8 * (vector.ClassAtPlaces + 2*marks), place(3), place(0), place(2), place(1)})
	for _, mask := range []uint64{0, ^uint64(0)} {
		for i := vector.ClassAtPlaces + 2*marks; i < len(class); i++ {
			class[i] = mask
		}
		for _, x := range kernels {
			clear(out[0][:])
			clear(out[1][:])
			a := vector.Planes{State: &state[0][0], Out: &out[0][0], Nodes: &nodes[0], Classes: &class[0], ClassAt: at,
				Live: live, Scratch: scratch, Slot: 5, Count: 2, Fours: fours, Sure: fours - 2}
			if x.ars != nil {
				for i := range ars.Draw {
					for j := range ars.Draw[i] {
						ars.Draw[i][j] = r.Uint32()
					}
				}
				x.ars(&a, ars)
			} else {
				for i := range philox.Planes {
					philox.Planes[i][0] = [8]uint64{uint64(2 * i), uint64(2*i + 1), uint64(2 * i), uint64(2*i + 1), uint64(2 * i), uint64(2*i + 1), uint64(2 * i), uint64(2*i + 1)}
				}
				x.philox(&a, philox)
			}
			for j := range live {
				two := ^(state[1][j] ^ state[2][j]) ^ mask
				most := (state[3][j]&state[4][j] | state[5][j]&(state[3][j]|state[4][j])) ^ mask
				if out[0][j] != two || out[1][j] != most {
					t.Errorf("%v, ars %t, thresholds %x: word %d is %x and %x, want %x and %x", x.kernel, x.ars != nil, mask, j, out[0][j], out[1][j], two, most)
				}
			}
		}
	}
	for _, free := range []func(){freeState, freeOut, freeNodes, freeClass, freeAt, freeLive, freeScratch, freeArs, freePhilox} {
		free()
	}
}
