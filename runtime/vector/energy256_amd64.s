//go:build !purego

#include "textflag.h"

// SubtractSigned512 in AVX2.

DATA toSign<>+0(SB)/8, $63
DATA toSign<>+8(SB)/8, $62
DATA toSign<>+16(SB)/8, $61
DATA toSign<>+24(SB)/8, $60
DATA toSign<>+32(SB)/8, $59
DATA toSign<>+40(SB)/8, $58
DATA toSign<>+48(SB)/8, $57
DATA toSign<>+56(SB)/8, $56
DATA toSign<>+64(SB)/8, $55
DATA toSign<>+72(SB)/8, $54
DATA toSign<>+80(SB)/8, $53
DATA toSign<>+88(SB)/8, $52
DATA toSign<>+96(SB)/8, $51
DATA toSign<>+104(SB)/8, $50
DATA toSign<>+112(SB)/8, $49
DATA toSign<>+120(SB)/8, $48
DATA toSign<>+128(SB)/8, $47
DATA toSign<>+136(SB)/8, $46
DATA toSign<>+144(SB)/8, $45
DATA toSign<>+152(SB)/8, $44
DATA toSign<>+160(SB)/8, $43
DATA toSign<>+168(SB)/8, $42
DATA toSign<>+176(SB)/8, $41
DATA toSign<>+184(SB)/8, $40
DATA toSign<>+192(SB)/8, $39
DATA toSign<>+200(SB)/8, $38
DATA toSign<>+208(SB)/8, $37
DATA toSign<>+216(SB)/8, $36
DATA toSign<>+224(SB)/8, $35
DATA toSign<>+232(SB)/8, $34
DATA toSign<>+240(SB)/8, $33
DATA toSign<>+248(SB)/8, $32
DATA toSign<>+256(SB)/8, $31
DATA toSign<>+264(SB)/8, $30
DATA toSign<>+272(SB)/8, $29
DATA toSign<>+280(SB)/8, $28
DATA toSign<>+288(SB)/8, $27
DATA toSign<>+296(SB)/8, $26
DATA toSign<>+304(SB)/8, $25
DATA toSign<>+312(SB)/8, $24
DATA toSign<>+320(SB)/8, $23
DATA toSign<>+328(SB)/8, $22
DATA toSign<>+336(SB)/8, $21
DATA toSign<>+344(SB)/8, $20
DATA toSign<>+352(SB)/8, $19
DATA toSign<>+360(SB)/8, $18
DATA toSign<>+368(SB)/8, $17
DATA toSign<>+376(SB)/8, $16
DATA toSign<>+384(SB)/8, $15
DATA toSign<>+392(SB)/8, $14
DATA toSign<>+400(SB)/8, $13
DATA toSign<>+408(SB)/8, $12
DATA toSign<>+416(SB)/8, $11
DATA toSign<>+424(SB)/8, $10
DATA toSign<>+432(SB)/8, $9
DATA toSign<>+440(SB)/8, $8
DATA toSign<>+448(SB)/8, $7
DATA toSign<>+456(SB)/8, $6
DATA toSign<>+464(SB)/8, $5
DATA toSign<>+472(SB)/8, $4
DATA toSign<>+480(SB)/8, $3
DATA toSign<>+488(SB)/8, $2
DATA toSign<>+496(SB)/8, $1
DATA toSign<>+504(SB)/8, $0
GLOBL toSign<>(SB), RODATA|NOPTR, $512

DATA signOnly<>+0(SB)/8, $0x8000000000000000
GLOBL signOnly<>(SB), RODATA|NOPTR, $8

// Four chains: the opposite of the weight, in Y9, with the bit of each put on its sign.
#define SIGNED_FOUR(at, sum) \
	VPSLLVQ at(R8), Y8, Y11;   \
	VPAND   Y10, Y11, Y11;     \
	VPXOR   Y9, Y11, Y11;      \
	VADDPD  Y11, sum, sum

// func SubtractSigned256(sum *[64]float64, minus *uint64, weights *float64, stride, n int)
TEXT ·SubtractSigned256(SB), NOSPLIT, $0-40
	MOVQ         sum+0(FP), DX
	MOVQ         stride+24(FP), R9
	LEAQ         toSign<>(SB), R8
	MOVQ         $2, BX
	VPBROADCASTQ signOnly<>(SB), Y10

half:
	MOVQ    minus+8(FP), DI
	MOVQ    weights+16(FP), SI
	MOVQ    n+32(FP), CX
	VMOVUPD 0(DX), Y0
	VMOVUPD 32(DX), Y1
	VMOVUPD 64(DX), Y2
	VMOVUPD 96(DX), Y3
	VMOVUPD 128(DX), Y4
	VMOVUPD 160(DX), Y5
	VMOVUPD 192(DX), Y6
	VMOVUPD 224(DX), Y7

row:
	VPBROADCASTQ (DI), Y8
	VBROADCASTSD (SI), Y9
	VPXOR        Y10, Y9, Y9
	SIGNED_FOUR(0, Y0)
	SIGNED_FOUR(32, Y1)
	SIGNED_FOUR(64, Y2)
	SIGNED_FOUR(96, Y3)
	SIGNED_FOUR(128, Y4)
	SIGNED_FOUR(160, Y5)
	SIGNED_FOUR(192, Y6)
	SIGNED_FOUR(224, Y7)
	ADDQ         R9, SI
	ADDQ         $8, DI
	DECQ         CX
	JNE          row
	VMOVUPD Y0, 0(DX)
	VMOVUPD Y1, 32(DX)
	VMOVUPD Y2, 64(DX)
	VMOVUPD Y3, 96(DX)
	VMOVUPD Y4, 128(DX)
	VMOVUPD Y5, 160(DX)
	VMOVUPD Y6, 192(DX)
	VMOVUPD Y7, 224(DX)
	ADDQ    $256, DX
	ADDQ    $256, R8
	DECQ    BX
	JNE     half
	VZEROUPPER
	RET
