//go:build !purego

#include "textflag.h"

// func LayerSums512(a *Layer)
TEXT ·LayerSums512(SB), NOSPLIT, $0-8
	MOVQ      a+0(FP), R15
	MOVQ      0(R15), AX
	MOVQ      8(R15), R8
	MOVQ      16(R15), R9
	MOVQ      24(R15), R10
	TESTQ     AX, AX
	JEQ       chunk
	VMOVDQU64 (AX), Z0
	MOVQ      32(R15), DI
	MOVQ      $64, DX

start:
	VMOVDQU64 Z0, (DI)
	ADDQ      $64, DI
	DECQ      DX
	JNE       start

	// Tables of 16 groups stay in the first cache for all chains.
chunk:
	MOVQ    $16, CX
	CMPQ    R10, CX
	CMOVQLT R10, CX
	MOVQ    32(R15), DI
	MOVQ    R9, SI
	MOVQ    $32, DX

pair:
	VMOVDQU64 0(DI), Z0
	VMOVDQU64 64(DI), Z1
	MOVQ      SI, R12
	MOVQ      R8, R13
	MOVQ      CX, BX

group:
	MOVL    (R12), AX
	MOVWLZX AX, R14
	SHRL    $16, AX
	VPADDD  (R13)(R14*1), Z0, Z0
	VPADDD  (R13)(AX*1), Z1, Z1
	ADDQ    $128, R12
	ADDQ    $1024, R13
	DECQ    BX
	JNE     group

	VMOVDQU64 Z0, 0(DI)
	VMOVDQU64 Z1, 64(DI)
	ADDQ      $128, DI
	ADDQ      $4, SI
	DECQ      DX
	JNE       pair

	MOVQ R12, R9
	SUBQ $124, R9
	MOVQ R13, R8
	SUBQ CX, R10
	JNE  chunk
	VZEROUPPER
	RET
