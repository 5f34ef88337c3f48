//go:build !purego

#include "textflag.h"

// The bits of 32 categoricals that a shift by X6 puts at the top, to a row.
#define INPUTS_TOP(from, at) \
	VMOVDQU   from(AX), Y0; \
	VPSLLW    X6, Y0, Y0;   \
	VPMOVMSKB Y0, BX;       \
	MOVL      BX, at(R8)

// func SpinInputs256(a *Inputs)
TEXT ·SpinInputs256(SB), NOSPLIT, $0-8
	MOVQ a+0(FP), R15
	MOVQ 0(R15), SI
	MOVQ 8(R15), DI
	MOVQ 16(R15), R8
	MOVQ 24(R15), R9
	MOVQ 32(R15), R10
	VPCMPEQB Y7, Y7, Y7

entry:
	MOVL    0(R9), CX
	MOVLQSX 4(R9), AX
	ADDQ    $8, R9
	TESTL   CX, CX
	JLT     categorical
	VMOVDQU (SI)(AX*1), Y0
	DECL    CX
	JEQ     store

spin:
	MOVLQSX 0(R9), AX
	ADDQ    $4, R9
	VPXOR   Y7, Y0, Y0
	VPXOR   (SI)(AX*1), Y0, Y0 // 1 where they are equal
	DECL    CX
	JNE     spin

store:
	VMOVDQU Y0, (R8)
	ADDQ    $32, R8
	DECQ    R10
	JNE     entry
	VZEROUPPER
	RET

categorical:
	ADDQ DI, AX
	MOVL $7, DX

bit:
	VMOVD DX, X6
	INPUTS_TOP(0, 0)
	INPUTS_TOP(32, 4)
	INPUTS_TOP(64, 8)
	INPUTS_TOP(96, 12)
	INPUTS_TOP(128, 16)
	INPUTS_TOP(160, 20)
	INPUTS_TOP(192, 24)
	INPUTS_TOP(224, 28)
	DECL  DX
	ADDQ  $32, R8
	INCL  CX
	JNE   bit
	DECQ  R10
	JNE   entry
	VZEROUPPER
	RET
