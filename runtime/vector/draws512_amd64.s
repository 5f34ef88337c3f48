//go:build !purego

#include "textflag.h"

// Sums over chains of eight series at a time, in AVX-512.

// Eight chains of a series: less its offset, added to its sums, and squared.
#define DRAWS_SERIES(values, sums, i, z) \
	VMOVUPD.Z     values, K1, z;             \
	VSUBPD.BCST.Z 40+8*i(DX), z, K1, z;      \
	VMOVUPD.Z     sums, K1, Z16;             \
	VADDPD        z, Z16, Z16;               \
	VMOVUPD       Z16, K1, sums;             \
	VMULPD        z, z, z

// func AddDraws512(a *Draws)
TEXT ·AddDraws512(SB), NOSPLIT, $0-8
	MOVQ    a+0(FP), DX
	MOVQ    0(DX), SI
	MOVQ    8(DX), R8
	MOVQ    16(DX), DI
	MOVQ    24(DX), R10
	MOVQ    32(DX), CX
	LEAQ    (R8)(R8*2), R9
	LEAQ    (SI)(R8*4), BX
	LEAQ    (R10)(R10*2), R11
	LEAQ    (DI)(R10*4), R13
	VMOVUPD 104(DX), Z17
	MOVL    $0xff, AX
	KMOVW   AX, K1

loop:
	CMPQ  CX, $8
	JGE   full
	TESTQ CX, CX
	JLE   done
	MOVL  $1, AX
	SHLL  CX, AX
	DECL  AX
	KMOVW AX, K1

full:
	DRAWS_SERIES((SI), (DI), 0, Z0)
	DRAWS_SERIES((SI)(R8*1), (DI)(R10*1), 1, Z1)
	DRAWS_SERIES((SI)(R8*2), (DI)(R10*2), 2, Z2)
	DRAWS_SERIES((SI)(R9*1), (DI)(R11*1), 3, Z3)
	DRAWS_SERIES((BX), (R13), 4, Z4)
	DRAWS_SERIES((BX)(R8*1), (R13)(R10*1), 5, Z5)
	DRAWS_SERIES((BX)(R8*2), (R13)(R10*2), 6, Z6)
	DRAWS_SERIES((BX)(R9*1), (R13)(R11*1), 7, Z7)

	// Lanes of series: squares of one chain after the other.
	VUNPCKLPD  Z1, Z0, Z8
	VUNPCKHPD  Z1, Z0, Z9
	VUNPCKLPD  Z3, Z2, Z10
	VUNPCKHPD  Z3, Z2, Z11
	VUNPCKLPD  Z5, Z4, Z12
	VUNPCKHPD  Z5, Z4, Z13
	VUNPCKLPD  Z7, Z6, Z14
	VUNPCKHPD  Z7, Z6, Z15
	VSHUFF64X2 $0x44, Z10, Z8, Z18
	VSHUFF64X2 $0xee, Z10, Z8, Z19
	VSHUFF64X2 $0x44, Z14, Z12, Z20
	VSHUFF64X2 $0xee, Z14, Z12, Z21
	VSHUFF64X2 $0x44, Z11, Z9, Z22
	VSHUFF64X2 $0xee, Z11, Z9, Z23
	VSHUFF64X2 $0x44, Z15, Z13, Z24
	VSHUFF64X2 $0xee, Z15, Z13, Z25
	VSHUFF64X2 $0x88, Z20, Z18, Z0
	VSHUFF64X2 $0x88, Z24, Z22, Z1
	VSHUFF64X2 $0xdd, Z20, Z18, Z2
	VSHUFF64X2 $0xdd, Z24, Z22, Z3
	VSHUFF64X2 $0x88, Z21, Z19, Z4
	VSHUFF64X2 $0x88, Z25, Z23, Z5
	VSHUFF64X2 $0xdd, Z21, Z19, Z6
	VSHUFF64X2 $0xdd, Z25, Z23, Z7
	VADDPD     Z0, Z17, Z17
	VADDPD     Z1, Z17, Z17
	VADDPD     Z2, Z17, Z17
	VADDPD     Z3, Z17, Z17
	VADDPD     Z4, Z17, Z17
	VADDPD     Z5, Z17, Z17
	VADDPD     Z6, Z17, Z17
	VADDPD     Z7, Z17, Z17
	ADDQ $64, SI
	ADDQ $64, BX
	ADDQ $64, DI
	ADDQ $64, R13
	SUBQ $8, CX
	JMP  loop

done:
	VMOVUPD Z17, 104(DX)
	VZEROUPPER
	RET

#define TOTALS_SERIES(values, y) \
	VMOVUPD.Z values, K1, Y8; \
	VADDPD    Y8, y, y

// func Totals512(totals *[8][4]float64, values *float64, stride, chains int)
TEXT ·Totals512(SB), NOSPLIT, $0-32
	MOVQ   totals+0(FP), DX
	MOVQ   values+8(FP), SI
	MOVQ   stride+16(FP), R8
	MOVQ   chains+24(FP), CX
	LEAQ   (R8)(R8*2), R9
	LEAQ   (SI)(R8*4), BX
	VXORPD Y0, Y0, Y0
	VXORPD Y1, Y1, Y1
	VXORPD Y2, Y2, Y2
	VXORPD Y3, Y3, Y3
	VXORPD Y4, Y4, Y4
	VXORPD Y5, Y5, Y5
	VXORPD Y6, Y6, Y6
	VXORPD Y7, Y7, Y7
	MOVL   $0xf, AX
	KMOVW  AX, K1

loop:
	CMPQ  CX, $4
	JGE   full
	TESTQ CX, CX
	JLE   done
	MOVL  $1, AX
	SHLL  CX, AX
	DECL  AX
	KMOVW AX, K1

full:
	TOTALS_SERIES((SI), Y0)
	TOTALS_SERIES((SI)(R8*1), Y1)
	TOTALS_SERIES((SI)(R8*2), Y2)
	TOTALS_SERIES((SI)(R9*1), Y3)
	TOTALS_SERIES((BX), Y4)
	TOTALS_SERIES((BX)(R8*1), Y5)
	TOTALS_SERIES((BX)(R8*2), Y6)
	TOTALS_SERIES((BX)(R9*1), Y7)
	ADDQ $32, SI
	ADDQ $32, BX
	SUBQ $4, CX
	JMP  loop

done:
	VMOVUPD Y0, 0(DX)
	VMOVUPD Y1, 32(DX)
	VMOVUPD Y2, 64(DX)
	VMOVUPD Y3, 96(DX)
	VMOVUPD Y4, 128(DX)
	VMOVUPD Y5, 160(DX)
	VMOVUPD Y6, 192(DX)
	VMOVUPD Y7, 224(DX)
	VZEROUPPER
	RET
