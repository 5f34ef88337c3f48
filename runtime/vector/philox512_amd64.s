//go:build !purego

#include "textflag.h"
#include "philox512_amd64.h"

// Philox4x32 for 8 pairs of chains in a register, one in 64 bits, and four such sets
// at a time. Only the low 32 bits of a number count: multiplications read no others,
// and what lies above them is left to be.

// Pairs of a set in the order of chains, and those whose first chains are 8k.
DATA philoxRow<>+0(SB)/8, $0
DATA philoxRow<>+8(SB)/8, $1
DATA philoxRow<>+16(SB)/8, $2
DATA philoxRow<>+24(SB)/8, $3
DATA philoxRow<>+32(SB)/8, $4
DATA philoxRow<>+40(SB)/8, $5
DATA philoxRow<>+48(SB)/8, $6
DATA philoxRow<>+56(SB)/8, $7
GLOBL philoxRow<>(SB), RODATA|NOPTR, $64

DATA philoxColumn<>+0(SB)/8, $0
DATA philoxColumn<>+8(SB)/8, $4
DATA philoxColumn<>+16(SB)/8, $8
DATA philoxColumn<>+24(SB)/8, $12
DATA philoxColumn<>+32(SB)/8, $16
DATA philoxColumn<>+40(SB)/8, $20
DATA philoxColumn<>+48(SB)/8, $24
DATA philoxColumn<>+56(SB)/8, $28
GLOBL philoxColumn<>(SB), RODATA|NOPTR, $64

// From the numbers of two chains of a pair, 16 bits of each in 64: low halves of the
// first chain, then of the second, high halves of the first, of the second.
DATA philoxHalves<>+0(SB)/8, $0x000c000800040000
DATA philoxHalves<>+8(SB)/8, $0x001c001800140010
DATA philoxHalves<>+16(SB)/8, $0x002c002800240020
DATA philoxHalves<>+24(SB)/8, $0x003c003800340030
DATA philoxHalves<>+32(SB)/8, $0x000d000900050001
DATA philoxHalves<>+40(SB)/8, $0x001d001900150011
DATA philoxHalves<>+48(SB)/8, $0x002d002900250021
DATA philoxHalves<>+56(SB)/8, $0x003d003900350031
GLOBL philoxHalves<>(SB), RODATA|NOPTR, $64

// func PhiloxWords512(k *Philox, first uint32, words *[2][64]uint32)
TEXT ·PhiloxWords512(SB), NOSPLIT, $0-24
	PHILOX_CONSTANTS(philoxRow)
	MOVL  $0xaaaa, AX
	KMOVW AX, K1
	PHILOX_SETS(8, words)

words:
	MOVQ words+16(FP), SI
	PHILOX_WORDS(Z0, Z1, Z2, Z3)
	PHILOX_WORDS(Z6, Z7, Z8, Z9)
	PHILOX_WORDS(Z12, Z13, Z14, Z15)
	PHILOX_WORDS(Z18, Z19, Z20, Z21)
	VMOVDQU64 Z0, 0(SI)
	VMOVDQU64 Z6, 64(SI)
	VMOVDQU64 Z12, 128(SI)
	VMOVDQU64 Z18, 192(SI)
	VMOVDQU64 Z1, 256(SI)
	VMOVDQU64 Z7, 320(SI)
	VMOVDQU64 Z13, 384(SI)
	VMOVDQU64 Z19, 448(SI)
	VZEROUPPER
	RET

// func PhiloxDigits512(k *Philox, first uint32, digits *[4][64]uint16)
TEXT ·PhiloxDigits512(SB), NOSPLIT, $0-24
	PHILOX_CONSTANTS(philoxColumn)
	PHILOX_SETS(1, digits)

digits:
	MOVQ      digits+16(FP), SI
	VMOVDQU64 philoxHalves<>(SB), Z31

	// x0 and x2 become slots 0 and 1, x1 and x3 slots 2 and 3, 16 places of each.
	VPERMT2W Z2, Z31, Z0
	VPERMT2W Z3, Z31, Z1
	VPERMT2W Z8, Z31, Z6
	VPERMT2W Z9, Z31, Z7
	VPERMT2W Z14, Z31, Z12
	VPERMT2W Z15, Z31, Z13
	VPERMT2W Z20, Z31, Z18
	VPERMT2W Z21, Z31, Z19

	VMOVDQU       Y0, 0(SI)
	VMOVDQU       Y6, 32(SI)
	VMOVDQU       Y12, 64(SI)
	VEXTRACTI64X4 $0, Z18, 96(SI)
	VEXTRACTI64X4 $1, Z0, 128(SI)
	VEXTRACTI64X4 $1, Z6, 160(SI)
	VEXTRACTI64X4 $1, Z12, 192(SI)
	VEXTRACTI64X4 $1, Z18, 224(SI)
	VMOVDQU       Y1, 256(SI)
	VMOVDQU       Y7, 288(SI)
	VMOVDQU       Y13, 320(SI)
	VEXTRACTI64X4 $0, Z19, 352(SI)
	VEXTRACTI64X4 $1, Z1, 384(SI)
	VEXTRACTI64X4 $1, Z7, 416(SI)
	VEXTRACTI64X4 $1, Z13, 448(SI)
	VEXTRACTI64X4 $1, Z19, 480(SI)
	VZEROUPPER
	RET

// Philox4x32 for the spin kernel: 512 chains in eight rows of 64 lanes, see SpinNoise.

// The pairs of chains of set 0 in row 0; set s is 2s further on, row z 8z.
DATA spinPairs<>+0(SB)/8, $0x0000000000000000
DATA spinPairs<>+8(SB)/8, $0x0000000000000001
DATA spinPairs<>+16(SB)/8, $0x0000000000000040
DATA spinPairs<>+24(SB)/8, $0x0000000000000041
DATA spinPairs<>+32(SB)/8, $0x0000000000000080
DATA spinPairs<>+40(SB)/8, $0x0000000000000081
DATA spinPairs<>+48(SB)/8, $0x00000000000000c0
DATA spinPairs<>+56(SB)/8, $0x00000000000000c1
GLOBL spinPairs<>(SB), RODATA|NOPTR, $64

// The high bytes of both slots of 8 chains from the words of two sets, by 128 bits.
DATA spinHigh<>+0(SB)/8, $0x4d4945410d090501
DATA spinHigh<>+8(SB)/8, $0x4f4b47430f0b0703
DATA spinHigh<>+16(SB)/8, $0x5d5955511d191511
DATA spinHigh<>+24(SB)/8, $0x5f5b57531f1b1713
DATA spinHigh<>+32(SB)/8, $0x6d6965612d292521
DATA spinHigh<>+40(SB)/8, $0x6f6b67632f2b2723
DATA spinHigh<>+48(SB)/8, $0x7d7975713d393531
DATA spinHigh<>+56(SB)/8, $0x7f7b77733f3b3733
GLOBL spinHigh<>(SB), RODATA|NOPTR, $64

DATA spinStep<>+0(SB)/8, $2
GLOBL spinStep<>(SB), RODATA|NOPTR, $8

// The digits' high bytes of two slots, from the words of four sets.
#define SPIN_HIGH(a, b, c, d, e, at) \
	VPERMT2B    b, Z2, a;      \
	VPERMT2B    d, Z2, c;      \
	VPUNPCKLQDQ c, a, e;        \
	VPUNPCKHQDQ c, a, b;        \
	VMOVDQU64   e, at+0(BX);    \
	VMOVDQU64   b, at+512(BX)

// func PhiloxSpins512(k *Philox, first uint32, noise *SpinNoise)
TEXT ·PhiloxSpins512(SB), NOSPLIT, $0-24
	PHILOX_CONSTANTS(spinPairs)
	MOVQ  noise+16(FP), SI
	LEAQ  4096(SI), BX
	MOVL  $0xaaaa, AX
	KMOVW AX, K1
	MOVL  $8, CX

row:
	PHILOX_SETS(2, words)

words:
	PHILOX_WORDS(Z0, Z1, Z2, Z3)
	PHILOX_WORDS(Z6, Z7, Z8, Z9)
	PHILOX_WORDS(Z12, Z13, Z14, Z15)
	PHILOX_WORDS(Z18, Z19, Z20, Z21)
	VMOVDQU64 Z0, 0(SI)
	VMOVDQU64 Z6, 64(SI)
	VMOVDQU64 Z12, 128(SI)
	VMOVDQU64 Z18, 192(SI)
	VMOVDQU64 Z1, 256(SI)
	VMOVDQU64 Z7, 320(SI)
	VMOVDQU64 Z13, 384(SI)
	VMOVDQU64 Z19, 448(SI)
	VMOVDQU64 spinHigh<>(SB), Z2
	SPIN_HIGH(Z0, Z6, Z12, Z18, Z3, 0)
	SPIN_HIGH(Z1, Z7, Z13, Z19, Z3, 1024)
	VPADDQ.BCST spinStep<>(SB), Z29, Z29
	ADDQ $512, SI
	ADDQ $64, BX
	DECL CX
	JNE  row
	VZEROUPPER
	RET

// ARS-5: a block of 128 bits for a pair of chains, four in a register, pairs next to
// each other in registers next to each other.

// 32 pairs in the order of chains.
DATA arsRow<>+0(SB)/8, $0x0000000000000000
DATA arsRow<>+8(SB)/8, $0x0000000000000000
DATA arsRow<>+16(SB)/8, $0x0000000200000000
DATA arsRow<>+24(SB)/8, $0x0000000000000000
DATA arsRow<>+32(SB)/8, $0x0000000400000000
DATA arsRow<>+40(SB)/8, $0x0000000000000000
DATA arsRow<>+48(SB)/8, $0x0000000600000000
DATA arsRow<>+56(SB)/8, $0x0000000000000000
DATA arsRow<>+64(SB)/8, $0x0000000100000000
DATA arsRow<>+72(SB)/8, $0x0000000000000000
DATA arsRow<>+80(SB)/8, $0x0000000300000000
DATA arsRow<>+88(SB)/8, $0x0000000000000000
DATA arsRow<>+96(SB)/8, $0x0000000500000000
DATA arsRow<>+104(SB)/8, $0x0000000000000000
DATA arsRow<>+112(SB)/8, $0x0000000700000000
DATA arsRow<>+120(SB)/8, $0x0000000000000000
DATA arsRow<>+128(SB)/8, $0x0000000800000000
DATA arsRow<>+136(SB)/8, $0x0000000000000000
DATA arsRow<>+144(SB)/8, $0x0000000a00000000
DATA arsRow<>+152(SB)/8, $0x0000000000000000
DATA arsRow<>+160(SB)/8, $0x0000000c00000000
DATA arsRow<>+168(SB)/8, $0x0000000000000000
DATA arsRow<>+176(SB)/8, $0x0000000e00000000
DATA arsRow<>+184(SB)/8, $0x0000000000000000
DATA arsRow<>+192(SB)/8, $0x0000000900000000
DATA arsRow<>+200(SB)/8, $0x0000000000000000
DATA arsRow<>+208(SB)/8, $0x0000000b00000000
DATA arsRow<>+216(SB)/8, $0x0000000000000000
DATA arsRow<>+224(SB)/8, $0x0000000d00000000
DATA arsRow<>+232(SB)/8, $0x0000000000000000
DATA arsRow<>+240(SB)/8, $0x0000000f00000000
DATA arsRow<>+248(SB)/8, $0x0000000000000000
DATA arsRow<>+256(SB)/8, $0x0000001000000000
DATA arsRow<>+264(SB)/8, $0x0000000000000000
DATA arsRow<>+272(SB)/8, $0x0000001200000000
DATA arsRow<>+280(SB)/8, $0x0000000000000000
DATA arsRow<>+288(SB)/8, $0x0000001400000000
DATA arsRow<>+296(SB)/8, $0x0000000000000000
DATA arsRow<>+304(SB)/8, $0x0000001600000000
DATA arsRow<>+312(SB)/8, $0x0000000000000000
DATA arsRow<>+320(SB)/8, $0x0000001100000000
DATA arsRow<>+328(SB)/8, $0x0000000000000000
DATA arsRow<>+336(SB)/8, $0x0000001300000000
DATA arsRow<>+344(SB)/8, $0x0000000000000000
DATA arsRow<>+352(SB)/8, $0x0000001500000000
DATA arsRow<>+360(SB)/8, $0x0000000000000000
DATA arsRow<>+368(SB)/8, $0x0000001700000000
DATA arsRow<>+376(SB)/8, $0x0000000000000000
DATA arsRow<>+384(SB)/8, $0x0000001800000000
DATA arsRow<>+392(SB)/8, $0x0000000000000000
DATA arsRow<>+400(SB)/8, $0x0000001a00000000
DATA arsRow<>+408(SB)/8, $0x0000000000000000
DATA arsRow<>+416(SB)/8, $0x0000001c00000000
DATA arsRow<>+424(SB)/8, $0x0000000000000000
DATA arsRow<>+432(SB)/8, $0x0000001e00000000
DATA arsRow<>+440(SB)/8, $0x0000000000000000
DATA arsRow<>+448(SB)/8, $0x0000001900000000
DATA arsRow<>+456(SB)/8, $0x0000000000000000
DATA arsRow<>+464(SB)/8, $0x0000001b00000000
DATA arsRow<>+472(SB)/8, $0x0000000000000000
DATA arsRow<>+480(SB)/8, $0x0000001d00000000
DATA arsRow<>+488(SB)/8, $0x0000000000000000
DATA arsRow<>+496(SB)/8, $0x0000001f00000000
DATA arsRow<>+504(SB)/8, $0x0000000000000000
GLOBL arsRow<>(SB), RODATA|NOPTR, $512

// 32 blocks at distances from the counter, to Z0 … Z7.
#define ARS_BLOCKS(pairs) \
	VPADDD  pairs<>+0(SB), Z16, Z0;   \
	VPADDD  pairs<>+64(SB), Z16, Z1;  \
	VPADDD  pairs<>+128(SB), Z16, Z2; \
	VPADDD  pairs<>+192(SB), Z16, Z3; \
	VPADDD  pairs<>+256(SB), Z16, Z4; \
	VPADDD  pairs<>+320(SB), Z16, Z5; \
	VPADDD  pairs<>+384(SB), Z16, Z6; \
	VPADDD  pairs<>+448(SB), Z16, Z7; \
	ARS_ALL(VPXORQ, Z24);             \
	ARS_ALL(VAESENC, Z25);            \
	ARS_ROUNDS

// The words of blocks of 32 pairs: of slots 0 and 1 of the four sets to Z8, Z10, Z12 and
// Z14, those of slots 2 and 3 to Z9, Z11, Z13 and Z15.
#define ARS_WORDS \
	VSHUFPS $0x88, Z1, Z0, Z8;  \
	VSHUFPS $0xdd, Z1, Z0, Z9;  \
	VSHUFPS $0x88, Z3, Z2, Z10; \
	VSHUFPS $0xdd, Z3, Z2, Z11; \
	VSHUFPS $0x88, Z5, Z4, Z12; \
	VSHUFPS $0xdd, Z5, Z4, Z13; \
	VSHUFPS $0x88, Z7, Z6, Z14; \
	VSHUFPS $0xdd, Z7, Z6, Z15

// func ArsWords512(k *Ars, first uint32, words *[2][64]uint32)
TEXT ·ArsWords512(SB), NOSPLIT, $0-24
	ARS_CONSTANTS
	MOVQ words+16(FP), SI
	ARS_BLOCKS(arsRow)
	ARS_WORDS
	VMOVDQU64 Z8, 0(SI)
	VMOVDQU64 Z10, 64(SI)
	VMOVDQU64 Z12, 128(SI)
	VMOVDQU64 Z14, 192(SI)
	VMOVDQU64 Z9, 256(SI)
	VMOVDQU64 Z11, 320(SI)
	VMOVDQU64 Z13, 384(SI)
	VMOVDQU64 Z15, 448(SI)
	VZEROUPPER
	RET

// func ArsSpins512(k *Ars, first uint32, noise *SpinNoise)
TEXT ·ArsSpins512(SB), NOSPLIT, $0-24
	ARS_CONSTANTS
	MOVQ    noise+16(FP), SI
	LEAQ    4096(SI), BX
	ADDQ    $112, DI
	VPXORQ  Z24, Z16, Z16
	VAESENC Z25, Z16, Z16 // pair first after a round
	MOVL    $8, CX

row:
	VPXORQ    0(DI), Z16, Z0
	VPXORQ    64(DI), Z16, Z1
	VPXORQ    128(DI), Z16, Z2
	VPXORQ    192(DI), Z16, Z3
	VPXORQ    256(DI), Z16, Z4
	VPXORQ    320(DI), Z16, Z5
	VPXORQ    384(DI), Z16, Z6
	VPXORQ    448(DI), Z16, Z7
	ARS_ROUNDS
	ARS_WORDS
	VMOVDQU64 Z8, 0(SI)
	VMOVDQU64 Z10, 64(SI)
	VMOVDQU64 Z12, 128(SI)
	VMOVDQU64 Z14, 192(SI)
	VMOVDQU64 Z9, 256(SI)
	VMOVDQU64 Z11, 320(SI)
	VMOVDQU64 Z13, 384(SI)
	VMOVDQU64 Z15, 448(SI)
	VMOVDQU64 spinHigh<>(SB), Z2
	SPIN_HIGH(Z8, Z10, Z12, Z14, Z3, 0)
	SPIN_HIGH(Z9, Z11, Z13, Z15, Z3, 1024)
	ADDQ $512, DI
	ADDQ $512, SI
	ADDQ $64, BX
	DECL CX
	JNE  row
	VZEROUPPER
	RET

// The quads of 128 slots for ARS-5: of each eight the even ones, then the odd ones.
DATA arsQuads<>+0(SB)/8, $0
DATA arsQuads<>+8(SB)/8, $0
DATA arsQuads<>+16(SB)/8, $0
DATA arsQuads<>+24(SB)/8, $2
DATA arsQuads<>+32(SB)/8, $0
DATA arsQuads<>+40(SB)/8, $4
DATA arsQuads<>+48(SB)/8, $0
DATA arsQuads<>+56(SB)/8, $6
DATA arsQuads<>+64(SB)/8, $0
DATA arsQuads<>+72(SB)/8, $1
DATA arsQuads<>+80(SB)/8, $0
DATA arsQuads<>+88(SB)/8, $3
DATA arsQuads<>+96(SB)/8, $0
DATA arsQuads<>+104(SB)/8, $5
DATA arsQuads<>+112(SB)/8, $0
DATA arsQuads<>+120(SB)/8, $7
DATA arsQuads<>+128(SB)/8, $0
DATA arsQuads<>+136(SB)/8, $8
DATA arsQuads<>+144(SB)/8, $0
DATA arsQuads<>+152(SB)/8, $10
DATA arsQuads<>+160(SB)/8, $0
DATA arsQuads<>+168(SB)/8, $12
DATA arsQuads<>+176(SB)/8, $0
DATA arsQuads<>+184(SB)/8, $14
DATA arsQuads<>+192(SB)/8, $0
DATA arsQuads<>+200(SB)/8, $9
DATA arsQuads<>+208(SB)/8, $0
DATA arsQuads<>+216(SB)/8, $11
DATA arsQuads<>+224(SB)/8, $0
DATA arsQuads<>+232(SB)/8, $13
DATA arsQuads<>+240(SB)/8, $0
DATA arsQuads<>+248(SB)/8, $15
DATA arsQuads<>+256(SB)/8, $0
DATA arsQuads<>+264(SB)/8, $16
DATA arsQuads<>+272(SB)/8, $0
DATA arsQuads<>+280(SB)/8, $18
DATA arsQuads<>+288(SB)/8, $0
DATA arsQuads<>+296(SB)/8, $20
DATA arsQuads<>+304(SB)/8, $0
DATA arsQuads<>+312(SB)/8, $22
DATA arsQuads<>+320(SB)/8, $0
DATA arsQuads<>+328(SB)/8, $17
DATA arsQuads<>+336(SB)/8, $0
DATA arsQuads<>+344(SB)/8, $19
DATA arsQuads<>+352(SB)/8, $0
DATA arsQuads<>+360(SB)/8, $21
DATA arsQuads<>+368(SB)/8, $0
DATA arsQuads<>+376(SB)/8, $23
DATA arsQuads<>+384(SB)/8, $0
DATA arsQuads<>+392(SB)/8, $24
DATA arsQuads<>+400(SB)/8, $0
DATA arsQuads<>+408(SB)/8, $26
DATA arsQuads<>+416(SB)/8, $0
DATA arsQuads<>+424(SB)/8, $28
DATA arsQuads<>+432(SB)/8, $0
DATA arsQuads<>+440(SB)/8, $30
DATA arsQuads<>+448(SB)/8, $0
DATA arsQuads<>+456(SB)/8, $25
DATA arsQuads<>+464(SB)/8, $0
DATA arsQuads<>+472(SB)/8, $27
DATA arsQuads<>+480(SB)/8, $0
DATA arsQuads<>+488(SB)/8, $29
DATA arsQuads<>+496(SB)/8, $0
DATA arsQuads<>+504(SB)/8, $31
GLOBL arsQuads<>(SB), RODATA|NOPTR, $512

#define ARS_SLOTS(a, b, at) \
	VPUNPCKLQDQ b, a, Z8;          \
	VPUNPCKHQDQ b, a, Z9;          \
	VMOVDQU64   Z8, at+0(SI);      \
	VMOVDQU64   Z9, at+256(SI)

// func ArsSlots512(k *Ars, pair uint32, digits *[2][SlotRun]uint16)
TEXT ·ArsSlots512(SB), NOSPLIT, $0-24
	MOVQ            k+0(FP), DI
	MOVL            pair+8(FP), AX
	ARS_KEYS
	MOVQ            digits+16(FP), SI
	ARS_BLOCKS(arsQuads)
	ARS_SLOTS(Z0, Z1, 0)
	ARS_SLOTS(Z2, Z3, 64)
	ARS_SLOTS(Z4, Z5, 128)
	ARS_SLOTS(Z6, Z7, 192)
	VZEROUPPER
	RET

// Rounds 1 and 2 for quads p: numbers a, b, c, d.
#define PHILOX_SLOT_HEAD(p, a, b, c, d) \
	VPMULUDQ  p, Z31, b;      \
	VPSRLQ    $32, b, a;      \
	VPXORQ    Z24, a, a;      \
	VPMULUDQ  a, Z30, d;      \
	VPXORQ    Z25, b, a;      \
	VPSRLQ    $32, d, c;      \
	VPXORQ    Z26, c, c;      \
	VMOVDQA64 Z27, b

// The digits of both chains of a pair for eight quads.
#define PHILOX_SLOTS(a, b, c, d, at) \
	VPSHUFD   $0xa0, b, K1, a;  \
	VPSHUFD   $0xa0, d, K1, c;  \
	VMOVDQU64 a, at+0(SI);      \
	VMOVDQU64 c, at+256(SI)

// func PhiloxSlots512(k *SlotPhilox, quad uint32, digits *[2][SlotRun]uint16)
TEXT ·PhiloxSlots512(SB), NOSPLIT, $0-24
	MOVQ         k+0(FP), DI
	MOVL         quad+8(FP), AX
	MOVQ         digits+16(FP), SI
	VPBROADCASTQ 0(DI), Z24
	VPBROADCASTQ 8(DI), Z25
	VPBROADCASTQ 16(DI), Z26
	VPBROADCASTQ 24(DI), Z27
	VPBROADCASTQ AX, Z29
	VPADDQ       philoxRow<>(SB), Z29, Z29
	MOVL         $8, AX
	VPBROADCASTQ AX, Z28
	MOVL         $0xD2511F53, AX
	VPBROADCASTQ AX, Z30
	MOVL         $0xCD9E8D57, AX
	VPBROADCASTQ AX, Z31
	MOVL         $0xaaaa, AX
	KMOVW        AX, K1
	MOVQ         160(DI), DX
	TESTQ        DX, DX
	PHILOX_SLOT_HEAD(Z29, Z0, Z1, Z2, Z3)
	VPADDQ       Z28, Z29, Z29
	PHILOX_SLOT_HEAD(Z29, Z6, Z7, Z8, Z9)
	VPADDQ       Z28, Z29, Z29
	PHILOX_SLOT_HEAD(Z29, Z12, Z13, Z14, Z15)
	VPADDQ       Z28, Z29, Z29
	PHILOX_SLOT_HEAD(Z29, Z18, Z19, Z20, Z21)
	PHILOX_ROUND1(32)
	PHILOX_ROUND2(48)
	PHILOX_ROUND3(64)
	PHILOX_ROUND4(80)
	PHILOX_ROUND1(96)
	JEQ          seven
	PHILOX_ROUND2(112)
	PHILOX_ROUND3(128)
	PHILOX_ROUND4(144)
	JMP          digits

seven:
	VMOVDQA64 Z5, Z1
	VMOVDQA64 Z4, Z3
	VMOVDQA64 Z11, Z7
	VMOVDQA64 Z10, Z9
	VMOVDQA64 Z17, Z13
	VMOVDQA64 Z16, Z15
	VMOVDQA64 Z23, Z19
	VMOVDQA64 Z22, Z21

digits:
	PHILOX_SLOTS(Z0, Z1, Z2, Z3, 0)
	PHILOX_SLOTS(Z6, Z7, Z8, Z9, 64)
	PHILOX_SLOTS(Z12, Z13, Z14, Z15, 128)
	PHILOX_SLOTS(Z18, Z19, Z20, Z21, 192)
	VZEROUPPER
	RET
