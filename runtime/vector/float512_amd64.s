//go:build !purego

#include "textflag.h"

// Kernels of continuous nodes, 64 chains at a time, in AVX-512.

// func SumTerms512(sum *[64]float32, constant float32, state *float32, terms *Term, n int)
TEXT ·SumTerms512(SB), NOSPLIT, $0-40
	MOVQ         sum+0(FP), DX
	VBROADCASTSS constant+8(FP), Z0
	MOVQ         state+16(FP), DI
	MOVQ         terms+24(FP), SI
	MOVQ         n+32(FP), CX
	VMOVAPS      Z0, Z1
	VMOVAPS      Z0, Z2
	VMOVAPS      Z0, Z3
	TESTQ        CX, CX
	JEQ          done

loop:
	VBROADCASTSS 0(SI), Z4
	MOVLQSX      4(SI), AX
	VMULPS       0(DI)(AX*1), Z4, Z5
	VMULPS       64(DI)(AX*1), Z4, Z6
	VMULPS       128(DI)(AX*1), Z4, Z7
	VMULPS       192(DI)(AX*1), Z4, Z8
	VADDPS       Z5, Z0, Z0
	VADDPS       Z6, Z1, Z1
	VADDPS       Z7, Z2, Z2
	VADDPS       Z8, Z3, Z3
	ADDQ         $8, SI
	DECQ         CX
	JNE          loop

done:
	VMOVUPS Z0, 0(DX)
	VMOVUPS Z1, 64(DX)
	VMOVUPS Z2, 128(DX)
	VMOVUPS Z3, 192(DX)
	VZEROUPPER
	RET

#define MIX_SIXTEEN(at) \
	VMULPS  at(SI), Z8, Z0; \
	VMULPS  at(BX), Z9, Z1; \
	VADDPS  Z1, Z0, Z0;     \
	VMOVUPS Z0, at(DX)

// func Mix512(out, x, y *[64]float32, a, b float32)
TEXT ·Mix512(SB), NOSPLIT, $0-32
	MOVQ         out+0(FP), DX
	MOVQ         x+8(FP), SI
	MOVQ         y+16(FP), BX
	VBROADCASTSS a+24(FP), Z8
	VBROADCASTSS b+28(FP), Z9
	MIX_SIXTEEN(0)
	MIX_SIXTEEN(64)
	MIX_SIXTEEN(128)
	MIX_SIXTEEN(192)
	VZEROUPPER
	RET
