//go:build !purego

package vector

// PhiloxSlots512 draws the digits of a pair of chains for the slots of 32 quads from one on.
//
//go:noescape
func PhiloxSlots512(k *SlotPhilox, quad uint32, digits *[2][SlotRun]uint16)

// ArsSlots512 is PhiloxSlots512 with ARS-5, from the quad in the counter on.
//
//go:noescape
func ArsSlots512(k *Ars, pair uint32, digits *[2][SlotRun]uint16)

// SpinSlots512 updates a run of slots.
//
//go:noescape
func SpinSlots512(a *Slots)
