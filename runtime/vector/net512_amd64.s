//go:build !purego

#include "textflag.h"

// Layers of networks in the 64 chains of a word.

DATA netNumber<>+0(SB)/4, $0xc2ae0000 // -87.0
DATA netNumber<>+4(SB)/4, $0x42ae0000 // 87.0
DATA netNumber<>+8(SB)/4, $0x3fb8aa3b // 1.44269504
DATA netNumber<>+12(SB)/4, $0x3f000000 // 0.5
DATA netNumber<>+16(SB)/4, $0x3f318000 // 0.693359375
DATA netNumber<>+20(SB)/4, $0xb95e8083 // -0.00021219444
DATA netNumber<>+24(SB)/4, $0x39506967 // 0.000198756915
DATA netNumber<>+28(SB)/4, $0x3ab743ce // 0.0013981999507
DATA netNumber<>+32(SB)/4, $0x3c088908 // 0.0083334519073
DATA netNumber<>+36(SB)/4, $0x3d2aa9c1 // 0.041665795894
DATA netNumber<>+40(SB)/4, $0x3e2aaaaa // 0.16666665459
DATA netNumber<>+44(SB)/4, $0x3f000000 // 0.50000001201
DATA netNumber<>+48(SB)/4, $0x3f800000 // 1.0
DATA netNumber<>+52(SB)/4, $0x80000000 // the sign
DATA netNumber<>+56(SB)/4, $127
GLOBL netNumber<>(SB), RODATA|NOPTR, $60

// func DenseWord512(z *[64]float32, w *float32, stride, n int, x *[64]float32)
//
// The sums of a neuron stay in Z0 to Z3; products and sums are rounded one by one.
TEXT ·DenseWord512(SB), NOSPLIT, $0-40
	MOVQ z+0(FP), DI
	MOVQ w+8(FP), SI
	MOVQ stride+16(FP), R8
	MOVQ n+24(FP), CX
	MOVQ x+32(FP), DX
	SHLQ $2, R8
	VMOVUPS 0(DI), Z0
	VMOVUPS 64(DI), Z1
	VMOVUPS 128(DI), Z2
	VMOVUPS 192(DI), Z3

denseInput:
	VBROADCASTSS (SI), Z4
	VMULPS 0(DX), Z4, Z5
	VMULPS 64(DX), Z4, Z6
	VMULPS 128(DX), Z4, Z7
	VMULPS 192(DX), Z4, Z8
	VADDPS Z5, Z0, Z0
	VADDPS Z6, Z1, Z1
	VADDPS Z7, Z2, Z2
	VADDPS Z8, Z3, Z3
	ADDQ R8, SI
	ADDQ $256, DX
	DECQ CX
	JNZ denseInput

	VMOVUPS Z0, 0(DI)
	VMOVUPS Z1, 64(DI)
	VMOVUPS Z2, 128(DI)
	VMOVUPS Z3, 192(DI)
	VZEROUPPER
	RET

// func SiLURows512(z, slope *[64]float32, n int)
//
// Z16 to Z30 are the numbers above.
TEXT ·SiLURows512(SB), NOSPLIT, $0-24
	MOVQ z+0(FP), DI
	MOVQ slope+8(FP), SI
	MOVQ n+16(FP), CX
	SHLQ $2, CX
	VBROADCASTSS netNumber<>+0(SB), Z16
	VBROADCASTSS netNumber<>+4(SB), Z17
	VBROADCASTSS netNumber<>+8(SB), Z18
	VBROADCASTSS netNumber<>+12(SB), Z19
	VBROADCASTSS netNumber<>+16(SB), Z20
	VBROADCASTSS netNumber<>+20(SB), Z21
	VBROADCASTSS netNumber<>+24(SB), Z22
	VBROADCASTSS netNumber<>+28(SB), Z23
	VBROADCASTSS netNumber<>+32(SB), Z24
	VBROADCASTSS netNumber<>+36(SB), Z25
	VBROADCASTSS netNumber<>+40(SB), Z26
	VBROADCASTSS netNumber<>+44(SB), Z27
	VBROADCASTSS netNumber<>+48(SB), Z28
	VBROADCASTSS netNumber<>+52(SB), Z29
	VBROADCASTSS netNumber<>+56(SB), Z30

siluLanes:
	VMOVUPS (DI), Z0
	VPXORD Z29, Z0, Z1
	VMAXPS Z16, Z1, Z1 // the second operand where the first is no number
	VMINPS Z17, Z1, Z1
	VMULPS Z18, Z1, Z2
	VADDPS Z19, Z2, Z2
	VRNDSCALEPS $9, Z2, Z2 // k
	VMULPS Z20, Z2, Z3
	VSUBPS Z3, Z1, Z1
	VMULPS Z21, Z2, Z3
	VSUBPS Z3, Z1, Z1 // r
	VMULPS Z22, Z1, Z3
	VADDPS Z23, Z3, Z3
	VMULPS Z1, Z3, Z3
	VADDPS Z24, Z3, Z3
	VMULPS Z1, Z3, Z3
	VADDPS Z25, Z3, Z3
	VMULPS Z1, Z3, Z3
	VADDPS Z26, Z3, Z3
	VMULPS Z1, Z3, Z3
	VADDPS Z27, Z3, Z3 // p
	VMULPS Z1, Z1, Z4
	VMULPS Z4, Z3, Z3
	VADDPS Z1, Z3, Z3
	VADDPS Z28, Z3, Z3
	VCVTPS2DQ Z2, Z2
	VPADDD Z30, Z2, Z2
	VPSLLD $23, Z2, Z2
	VMULPS Z2, Z3, Z3 // exp(-z)
	VADDPS Z28, Z3, Z3
	VDIVPS Z3, Z28, Z3 // s
	VSUBPS Z3, Z28, Z4
	VMULPS Z4, Z0, Z4
	VADDPS Z28, Z4, Z4
	VMULPS Z4, Z3, Z4
	VMULPS Z3, Z0, Z0
	VMOVUPS Z0, (DI)
	VMOVUPS Z4, (SI)
	ADDQ $64, DI
	ADDQ $64, SI
	DECQ CX
	JNZ siluLanes

	VZEROUPPER
	RET

// func MatVec512(z *float64, m int, w, a *float64, n int)
//
// 32 columns at a time, then 8 or what is left.
TEXT ·MatVec512(SB), NOSPLIT, $0-40
	MOVQ z+0(FP), DI
	MOVQ m+8(FP), R8
	MOVQ w+16(FP), SI
	MOVQ a+24(FP), DX
	MOVQ n+32(FP), CX
	MOVQ R8, R10
	SHLQ $3, R10

matWide:
	CMPQ R8, $32
	JLT matNarrow
	VMOVUPD 0(DI), Z0
	VMOVUPD 64(DI), Z1
	VMOVUPD 128(DI), Z2
	VMOVUPD 192(DI), Z3
	MOVQ SI, R11
	MOVQ DX, R12
	MOVQ CX, R13

matWideRow:
	VBROADCASTSD (R12), Z4
	VMULPD 0(R11), Z4, Z5
	VMULPD 64(R11), Z4, Z6
	VMULPD 128(R11), Z4, Z7
	VMULPD 192(R11), Z4, Z8
	VADDPD Z5, Z0, Z0
	VADDPD Z6, Z1, Z1
	VADDPD Z7, Z2, Z2
	VADDPD Z8, Z3, Z3
	ADDQ R10, R11
	ADDQ $8, R12
	DECQ R13
	JNZ matWideRow
	VMOVUPD Z0, 0(DI)
	VMOVUPD Z1, 64(DI)
	VMOVUPD Z2, 128(DI)
	VMOVUPD Z3, 192(DI)
	ADDQ $256, DI
	ADDQ $256, SI
	SUBQ $32, R8
	JMP matWide

matNarrow:
	CMPQ R8, $0
	JLE matDone
	MOVQ $255, R14
	CMPQ R8, $8
	JGE matMask
	MOVQ $1, R14
	SHLXQ R8, R14, R14
	DECQ R14

matMask:
	KMOVW R14, K1
	VMOVUPD.Z (DI), K1, Z0
	MOVQ SI, R11
	MOVQ DX, R12
	MOVQ CX, R13

matNarrowRow:
	VBROADCASTSD (R12), Z4
	VMOVUPD.Z 0(R11), K1, Z5
	VMULPD Z5, Z4, Z5
	VADDPD Z5, Z0, Z0
	ADDQ R10, R11
	ADDQ $8, R12
	DECQ R13
	JNZ matNarrowRow
	VMOVUPD Z0, K1, (DI)
	ADDQ $64, DI
	ADDQ $64, SI
	SUBQ $8, R8
	JMP matNarrow

matDone:
	VZEROUPPER
	RET

// func Outer512(sum, d *float64, n int, a *float64, m int)
TEXT ·Outer512(SB), NOSPLIT, $0-40
	MOVQ sum+0(FP), DI
	MOVQ d+8(FP), SI
	MOVQ n+16(FP), CX
	MOVQ a+24(FP), DX

outerRow:
	VBROADCASTSD (SI), Z4
	MOVQ m+32(FP), R8
	MOVQ DX, R11

outerEight:
	CMPQ R8, $8
	JLT outerRest
	VMULPD (R11), Z4, Z5
	VADDPD (DI), Z5, Z5
	VMOVUPD Z5, (DI)
	ADDQ $64, R11
	ADDQ $64, DI
	SUBQ $8, R8
	JMP outerEight

outerRest:
	CMPQ R8, $0
	JEQ outerNext
	MOVQ $1, R14
	SHLXQ R8, R14, R14
	DECQ R14
	KMOVW R14, K1
	VMOVUPD.Z 0(R11), K1, Z5
	VMULPD Z5, Z4, Z5
	VMOVUPD.Z (DI), K1, Z6
	VADDPD Z6, Z5, Z5
	VMOVUPD Z5, K1, (DI)
	LEAQ (DI)(R8*8), DI

outerNext:
	ADDQ $8, SI
	DECQ CX
	JNZ outerRow
	VZEROUPPER
	RET
