//go:build !purego

#include "textflag.h"

// Bits of 64 categoricals, those of the mask in Z16, to a row.
#define INPUTS_BITS(z, at) \
	VPTESTMB z, Z16, K1; \
	KMOVQ    K1, at(R8)

// func SpinInputs512(a *Inputs)
TEXT ·SpinInputs512(SB), NOSPLIT, $0-8
	MOVQ a+0(FP), R15
	MOVQ 0(R15), SI
	MOVQ 8(R15), DI
	MOVQ 16(R15), R8
	MOVQ 24(R15), R9
	MOVQ 32(R15), R10

entry:
	MOVL    0(R9), CX
	MOVLQSX 4(R9), AX
	ADDQ    $8, R9
	TESTL   CX, CX
	JLT     categorical
	VMOVDQU64 (SI)(AX*1), Z0
	DECL    CX
	JEQ     store

spin:
	MOVLQSX    0(R9), AX
	ADDQ       $4, R9
	VPTERNLOGQ $0x81, (SI)(AX*1), Z0, Z0 // 1 where they are equal
	DECL       CX
	JNE        spin

store:
	VMOVDQU64 Z0, (R8)
	ADDQ      $64, R8
	DECQ      R10
	JNE       entry
	VZEROUPPER
	RET

categorical:
	ADDQ      DI, AX
	VMOVDQU64 0(AX), Z0
	VMOVDQU64 64(AX), Z1
	VMOVDQU64 128(AX), Z2
	VMOVDQU64 192(AX), Z3
	VMOVDQU64 256(AX), Z4
	VMOVDQU64 320(AX), Z5
	VMOVDQU64 384(AX), Z6
	VMOVDQU64 448(AX), Z7
	MOVL      $1, BX

bit:
	VPBROADCASTB BX, Z16
	INPUTS_BITS(Z0, 0)
	INPUTS_BITS(Z1, 8)
	INPUTS_BITS(Z2, 16)
	INPUTS_BITS(Z3, 24)
	INPUTS_BITS(Z4, 32)
	INPUTS_BITS(Z5, 40)
	INPUTS_BITS(Z6, 48)
	INPUTS_BITS(Z7, 56)
	ADDL      BX, BX
	ADDQ      $64, R8
	INCL      CX
	JNE       bit
	DECQ      R10
	JNE       entry
	VZEROUPPER
	RET
