//go:build !purego

#include "textflag.h"

// Energies of rows of spins, 64 chains at a time, in AVX-512.

DATA minusZero<>+0(SB)/8, $0x8000000000000000
GLOBL minusZero<>(SB), RODATA|NOPTR, $8

// The weight in Z8, or its opposite in Z9, for chains 8·byte … 8·byte+7.
#define SIGNED_EIGHT(byte, sum) \
	KMOVB     byte(DI), K1;     \
	VBLENDMPD Z8, Z9, K1, Z11;  \
	VADDPD    Z11, sum, sum

// func SubtractSigned512(sum *[64]float64, minus *uint64, weights *float64, stride, n int)
TEXT ·SubtractSigned512(SB), NOSPLIT, $0-40
	MOVQ         sum+0(FP), DX
	MOVQ         minus+8(FP), DI
	MOVQ         weights+16(FP), SI
	MOVQ         stride+24(FP), R9
	MOVQ         n+32(FP), CX
	VPBROADCASTQ minusZero<>(SB), Z10
	VMOVUPD      0(DX), Z0
	VMOVUPD      64(DX), Z1
	VMOVUPD      128(DX), Z2
	VMOVUPD      192(DX), Z3
	VMOVUPD      256(DX), Z4
	VMOVUPD      320(DX), Z5
	VMOVUPD      384(DX), Z6
	VMOVUPD      448(DX), Z7

row:
	VBROADCASTSD (SI), Z8
	VPXORQ       Z10, Z8, Z9
	SIGNED_EIGHT(0, Z0)
	SIGNED_EIGHT(1, Z1)
	SIGNED_EIGHT(2, Z2)
	SIGNED_EIGHT(3, Z3)
	SIGNED_EIGHT(4, Z4)
	SIGNED_EIGHT(5, Z5)
	SIGNED_EIGHT(6, Z6)
	SIGNED_EIGHT(7, Z7)
	ADDQ         R9, SI
	ADDQ         $8, DI
	DECQ         CX
	JNE          row
	VMOVUPD      Z0, 0(DX)
	VMOVUPD      Z1, 64(DX)
	VMOVUPD      Z2, 128(DX)
	VMOVUPD      Z3, 192(DX)
	VMOVUPD      Z4, 256(DX)
	VMOVUPD      Z5, 320(DX)
	VMOVUPD      Z6, 384(DX)
	VMOVUPD      Z7, 448(DX)
	VZEROUPPER
	RET

// Eight chains, whose patterns of eight rows are the bytes of a word.
#define OCTET(word) \
	VPMOVZXBQ word*8(DI), Z0;              \
	VMOVDQA64 Z0, Z1;                      \
	VPERMI2PD Z17, Z16, Z1;                \
	VPSRLQ    $4, Z0, Z0;                  \
	VPERMI2PD Z19, Z18, Z0;                \
	VADDPD    Z0, Z1, Z1;                  \
	VADDPD    word*64(DX), Z1, Z1;         \
	VMOVUPD   Z1, word*64(DX)

// func AddOctets512(sum *[64]float64, patterns *[8]uint64, tables *[2][16]float64)
TEXT ·AddOctets512(SB), NOSPLIT, $0-24
	MOVQ    sum+0(FP), DX
	MOVQ    patterns+8(FP), DI
	MOVQ    tables+16(FP), SI
	VMOVUPD 0(SI), Z16
	VMOVUPD 64(SI), Z17
	VMOVUPD 128(SI), Z18
	VMOVUPD 192(SI), Z19
	OCTET(0)
	OCTET(1)
	OCTET(2)
	OCTET(3)
	OCTET(4)
	OCTET(5)
	OCTET(6)
	OCTET(7)
	VZEROUPPER
	RET
