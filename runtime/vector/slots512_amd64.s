//go:build !purego

#include "textflag.h"

// The slot kernel, see slots.go. Words of neighbours of 16 slots are gathered once for
// the 32 chains that they hold; the scratch for them stands before the other arguments.

#define slotWords -4096

// func SpinSlots512(a *Slots)
TEXT ·SpinSlots512(SB), NOSPLIT, $0-8
	MOVQ         a+0(FP), R14
	ADDQ         $4096, R14
	MOVQ         0(R14), DI   // state
	MOVQ         8(R14), SI   // out
	ADDQ         48(R14), DI
	ADDQ         48(R14), SI
	MOVQ         16(R14), R11 // 16 slots
	MOVQ         24(R14), R9  // cells
	MOVQ         32(R14), R10 // digits
	MOVQ         40(R14), R13 // live
	MOVQ         56(R14), R8  // groups left
	LEAQ         80(R14), DX  // open
	VPBROADCASTD 72(R14), Z20 // centre
	VPBROADCASTD 76(R14), Z21 // shift
	MOVL         $1, AX
	VPBROADCASTD AX, Z22
	MOVL         $0xffff, AX
	VPBROADCASTD AX, Z23

group:
	MOVL      0(R11), CX
	LEAQ      192(R11), R12
	LEAQ      slotWords(R14), BX
	VMOVDQU64 128(R11), Z16
	VMOVDQA64 Z22, Z18     // the chain's bit
	VPXORD    Z17, Z17, Z17 // what is written
	MOVQ      64(R14), AX   // chains left
	MOVQ      R10, R15
	TESTL     CX, CX
	JEQ       chain

gather:
	VMOVDQU64  (R12), Z1
	KXNORW     K1, K1, K1
	VPXORD     Z2, Z2, Z2
	VPGATHERDD (DI)(Z1*8), K1, Z2
	VMOVDQU64  Z2, (BX)
	ADDQ       $128, R12
	ADDQ       $64, BX
	DECL       CX
	JNE        gather

chain:
	VMOVDQA64 Z16, Z0 // field
	MOVL      0(R11), CX
	LEAQ      256(R11), R12
	LEAQ      slotWords(R14), BX
	TESTL     CX, CX
	JEQ       choose

add:
	VPTESTMD (BX), Z18, K1
	VPADDD   (R12), Z0, K1, Z0
	ADDQ     $64, BX
	ADDQ     $128, R12
	DECL     CX
	JNE      add

choose:
	VPADDD     Z20, Z0, Z1
	VPSRLVD    Z21, Z1, Z1
	KXNORW     K2, K2, K2
	VPXORD     Z2, Z2, Z2
	VPGATHERDD (R9)(Z1*8), K2, Z2
	VPMOVZXWD  (R15), Z3
	VPANDD     Z23, Z2, Z4
	VPSRLD     $16, Z2, Z2
	VPSUBD     Z4, Z3, Z5
	VPCMPUD    $1, Z4, Z3, K3 // the less likely value
	VPCMPUD    $1, Z2, Z5, K4 // open
	VPMOVD2M   Z0, K5
	KXNORW     K3, K5, K6
	VPORD      Z18, Z17, K6, Z17
	VPADDD     Z18, Z18, Z18
	KMOVW      K4, (DX)
	ADDQ       $2, DX
	ADDQ       $256, R15
	DECQ       AX
	JNE        chain

	KMOVW       (R13), K1
	VMOVDQU64   64(R11), Z1
	VPSCATTERDD Z17, K1, (SI)(Z1*8)
	MOVL        0(R11), CX
	SHLQ        $7, CX
	LEAQ        192(R11)(CX*1), R11
	MOVQ        64(R14), AX
	NEGQ        AX
	LEAQ        64(DX)(AX*2), DX
	ADDQ        $2, R13
	ADDQ        $32, R10
	DECQ        R8
	JNE         group
	VZEROUPPER
	RET
