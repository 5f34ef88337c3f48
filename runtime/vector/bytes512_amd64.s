//go:build !purego

#include "textflag.h"
#include "philox512_amd64.h"

// First digits of 8 bits for the spin kernel: a block serves four chains, whose bytes
// stand in lanes as the kernel wants them if the blocks are taken in the right order.

// Blocks of even words of row 0; odd words are 1 further on, row z 4z.
DATA bytesFours<>+0(SB)/8, $0
DATA bytesFours<>+8(SB)/8, $2
DATA bytesFours<>+16(SB)/8, $32
DATA bytesFours<>+24(SB)/8, $34
DATA bytesFours<>+32(SB)/8, $64
DATA bytesFours<>+40(SB)/8, $66
DATA bytesFours<>+48(SB)/8, $96
DATA bytesFours<>+56(SB)/8, $98
GLOBL bytesFours<>(SB), RODATA|NOPTR, $64

// A row of four slots from the blocks of its even words and those of its odd ones.
#define BYTES_ROW(a0, a1, a2, a3, b0, b1, b2, b3, at) \
	VPSHUFD   $0xa0, b0, K1, a0;  \
	VPSHUFD   $0xa0, b1, K1, a1;  \
	VPSHUFD   $0xa0, b2, K1, a2;  \
	VPSHUFD   $0xa0, b3, K1, a3;  \
	VMOVDQU64 a0, at+0(BX);       \
	VMOVDQU64 a1, at+512(BX);     \
	VMOVDQU64 a2, at+1024(BX);    \
	VMOVDQU64 a3, at+1536(BX)

// func PhiloxBytes512(k *Philox, first uint32, noise *SpinNoise)
TEXT ·PhiloxBytes512(SB), NOSPLIT, $0-24
	PHILOX_CONSTANTS(bytesFours)
	MOVQ  noise+16(FP), BX
	ADDQ  $4096, BX
	MOVL  $0xaaaa, AX
	KMOVW AX, K1
	MOVL  $4, CX

rows:
	PHILOX_STEPS(1, 3, 1, words)

words:
	BYTES_ROW(Z0, Z1, Z2, Z3, Z6, Z7, Z8, Z9, 0)
	BYTES_ROW(Z12, Z13, Z14, Z15, Z18, Z19, Z20, Z21, 64)
	PHILOX_STEP(3)
	ADDQ $128, BX
	DECL CX
	JNE  rows
	VZEROUPPER
	RET

// Four by four words of 128 bits transposed: the blocks in a … d to o0 … o3 in Z12 … Z15.
#define BYTES_WORDS(a, b, c, d) \
	VPUNPCKLDQ  b, a, Z8;     \
	VPUNPCKHDQ  b, a, Z9;     \
	VPUNPCKLDQ  d, c, Z10;    \
	VPUNPCKHDQ  d, c, Z11;    \
	VPUNPCKLQDQ Z10, Z8, Z12; \
	VPUNPCKHQDQ Z10, Z8, Z13; \
	VPUNPCKLQDQ Z11, Z9, Z14; \
	VPUNPCKHQDQ Z11, Z9, Z15

#define BYTES_STORE(at) \
	VMOVDQU64 Z12, at+0(BX);    \
	VMOVDQU64 Z13, at+512(BX);  \
	VMOVDQU64 Z14, at+1024(BX); \
	VMOVDQU64 Z15, at+1536(BX)

// func ArsBytes512(k *Ars, first uint32, noise *SpinNoise)
TEXT ·ArsBytes512(SB), NOSPLIT, $0-24
	MOVQ    k+0(FP), DI
	MOVL    first+8(FP), AX
	MOVL    AX, DX
	ANDL    $0xffffff00, AX
	ARS_KEYS
	ANDL    $128, DX
	SHLL    $4, DX
	LEAQ    4208(DI)(DX*1), DI // Fours
	MOVQ    noise+16(FP), BX
	ADDQ    $4096, BX
	VPXORQ  Z24, Z16, Z16
	VAESENC Z25, Z16, Z16      // the block of the first chains after a round
	MOVL    $4, CX

rows:
	VPXORQ    0(DI), Z16, Z0
	VPXORQ    64(DI), Z16, Z1
	VPXORQ    128(DI), Z16, Z2
	VPXORQ    192(DI), Z16, Z3
	VPXORQ    256(DI), Z16, Z4
	VPXORQ    320(DI), Z16, Z5
	VPXORQ    384(DI), Z16, Z6
	VPXORQ    448(DI), Z16, Z7
	ARS_ROUNDS
	BYTES_WORDS(Z0, Z1, Z2, Z3)
	BYTES_STORE(0)
	BYTES_WORDS(Z4, Z5, Z6, Z7)
	BYTES_STORE(64)
	ADDQ $512, DI
	ADDQ $128, BX
	DECL CX
	JNE  rows
	VZEROUPPER
	RET

// Ties: lanes whose byte is the high one of their threshold, listed as SpinTies says. The
// words that decide them are drawn for many at a time.

// Bits of the list: of a row as 16 chains, of 128 bits as 128, of a lane, of a quad, and
// both of a slot.
DATA bytesBits<>+0(SB)/8, $0x0000007000000070
DATA bytesBits<>+8(SB)/8, $0x0000018000000180
DATA bytesBits<>+16(SB)/8, $0x0000000f0000000f
DATA bytesBits<>+24(SB)/8, $0x0000001f0000001f
DATA bytesBits<>+32(SB)/8, $0x0000020000000200
DATA bytesBits<>+40(SB)/8, $0x0000040000000400
GLOBL bytesBits<>(SB), RODATA|NOPTR, $48

// Offsets in SpinTies.
#define tieC0 160
#define tieChain 168
#define tieQuad 176
#define tieC3 184
#define tieMore 192
#define tieArs 200
#define tieCount 296
#define tieFlips 304
#define tieSames 312
#define tieList 320
#define tieFlip 37184
#define tieSame 55616
#define tieAhead 18432 // from an entry of List or Same to its field

// The counters of eight ties, a number in 64 bits.
#define TIES_COUNTER(at, x0, x1, x2, x3) \
	VPMOVZXDQ    at(SI), x0;                \
	VPSRLQ       $2, x0, x1;                \
	VPSLLQ       $3, x0, x2;                \
	VPANDQ       Z24, x1, x1;               \
	VPANDQ       Z25, x2, x2;               \
	VPANDQ       Z26, x0, x3;               \
	VPTERNLOGQ   $0xfe, x2, x3, x1;         \
	VPSRLQ       $11, x0, x2;               \
	VPADDQ.BCST  tieChain(DI), x1, x1;      \
	VPANDQ       Z27, x2, x2;               \
	VPADDQ.BCST  tieQuad(DI), x2, x2;       \
	VPBROADCASTQ tieC0(DI), x0;             \
	VPBROADCASTQ tieC3(DI), x3

// The words of the slots of eight ties, to the low half of the register of x0.
#define TIES_WORD(at, x0, x1, x2, x3, list, low) \
	VPMOVZXDQ at(SI), list;     \
	VPTESTMQ  Z28, list, K1;    \
	VPTESTMQ  Z29, list, K2;    \
	VMOVDQA64 x1, K1, x0;       \
	VMOVDQA64 x3, K1, x2;       \
	VMOVDQA64 x2, K2, x0;       \
	VPMOVQD   x0, low

// Decides 16 ties by their words, CX of which are there: those that take the less likely
// value go to R11, those whose 8 bits are the threshold's to R12, with fields and words.
#define TIES_DECIDE(at, word) \
	VMOVDQU32     at(SI), Z1;         \
	VPSRLD        $24, word, Z2;      \
	VPSLLD        $8, Z1, Z3;         \
	VPSRLD        $24, Z3, Z3;        \
	MOVQ          CX, R8;             \
	XORL          AX, AX;             \
	TESTQ         R8, R8;             \
	CMOVQLT       AX, R8;             \
	MOVL          $16, AX;            \
	CMPQ          R8, AX;             \
	CMOVQGT       AX, R8;             \
	MOVL          $0xffff, AX;        \
	BZHIL         R8, AX, AX;         \
	KMOVW         AX, K5;             \
	VPCMPUD       $1, Z3, Z2, K5, K3; \
	VPCMPUD       $0, Z3, Z2, K5, K4; \
	VPCOMPRESSD.Z Z1, K3, Z2;         \
	VPCOMPRESSD.Z Z1, K4, Z3;         \
	KMOVW         K3, AX;             \
	KMOVW         K4, R8;             \
	POPCNTL       AX, AX;             \
	POPCNTL       R8, R8;             \
	VMOVDQU32     Z2, (R11);          \
	VMOVDQU32     Z3, (R12);          \
	VPCOMPRESSD.Z word, K4, Z2;       \
	VMOVDQU32     (at+tieAhead)(SI), Z3; \
	VPCOMPRESSD.Z Z3, K4, Z3;         \
	VMOVDQU32     Z2, (2*tieAhead)(R12); \
	VMOVDQU32     Z3, tieAhead(R12);  \
	LEAQ          (R11)(AX*4), R11;   \
	LEAQ          (R12)(R8*4), R12;   \
	SUBQ          $16, CX

#define TIES_BEGIN \
	MOVQ t+0(FP), DI;         \
	LEAQ tieList(DI), SI;     \
	LEAQ tieFlip(DI), R11;    \
	LEAQ tieSame(DI), R12;    \
	MOVQ tieCount(DI), CX

#define TIES_END \
	LEAQ tieFlip(DI), AX;     \
	SUBQ AX, R11;             \
	SHRQ $2, R11;             \
	MOVQ R11, tieFlips(DI);   \
	LEAQ tieSame(DI), AX;     \
	SUBQ AX, R12;             \
	SHRQ $2, R12;             \
	MOVQ R12, tieSames(DI);   \
	VZEROUPPER;               \
	RET

// func PhiloxTies512(t *SpinTies)
TEXT ·PhiloxTies512(SB), NOSPLIT, $0-8
	TIES_BEGIN
	VPBROADCASTQ bytesBits<>+0(SB), Z24
	VPBROADCASTQ bytesBits<>+8(SB), Z25
	VPBROADCASTQ bytesBits<>+16(SB), Z26
	VPBROADCASTQ bytesBits<>+24(SB), Z27
	VPBROADCASTQ bytesBits<>+32(SB), Z28
	VPBROADCASTQ bytesBits<>+40(SB), Z29
	MOVL         $0xD2511F53, AX
	VPBROADCASTQ AX, Z30
	MOVL         $0xCD9E8D57, AX
	VPBROADCASTQ AX, Z31
	JMP          more

ties:
	// As after two rounds, so that ten end where seven do.
	TIES_COUNTER(0, Z0, Z3, Z2, Z1)
	TIES_COUNTER(32, Z6, Z9, Z8, Z7)
	TIES_COUNTER(64, Z12, Z15, Z14, Z13)
	TIES_COUNTER(96, Z18, Z21, Z20, Z19)
	MOVQ      tieMore(DI), DX
	TESTQ     DX, DX
	JEQ       seven
	PHILOX_ROUND3(0)
	PHILOX_ROUND4(16)
	PHILOX_ROUND1(32)

rounds:
	PHILOX_ROUND2(48)
	PHILOX_ROUND3(64)
	PHILOX_ROUND4(80)
	PHILOX_ROUND1(96)
	PHILOX_ROUND2(112)
	PHILOX_ROUND3(128)
	PHILOX_ROUND4(144)
	TIES_WORD(0, Z0, Z1, Z2, Z3, Z4, Y0)
	TIES_WORD(32, Z6, Z7, Z8, Z9, Z10, Y6)
	TIES_WORD(64, Z12, Z13, Z14, Z15, Z16, Y12)
	TIES_WORD(96, Z18, Z19, Z20, Z21, Z22, Y18)
	VINSERTI64X4 $1, Y6, Z0, Z0
	VINSERTI64X4 $1, Y18, Z12, Z12
	TIES_DECIDE(0, Z0)
	TIES_DECIDE(64, Z12)
	ADDQ $128, SI

more:
	TESTQ CX, CX
	JGT   ties
	TIES_END

seven:
	VMOVDQA64 Z3, Z5
	VMOVDQA64 Z1, Z4
	VMOVDQA64 Z9, Z11
	VMOVDQA64 Z7, Z10
	VMOVDQA64 Z15, Z17
	VMOVDQA64 Z13, Z16
	VMOVDQA64 Z21, Z23
	VMOVDQA64 Z19, Z22
	JMP       rounds

#define TIES_ARS(op, key) \
	op key, Z0, Z0; \
	op key, Z1, Z1; \
	op key, Z2, Z2; \
	op key, Z3, Z3

// func ArsTies512(t *SpinTies)
TEXT ·ArsTies512(SB), NOSPLIT, $0-8
	TIES_BEGIN
	VPBROADCASTQ    bytesBits<>+0(SB), Z17
	VPBROADCASTQ    bytesBits<>+8(SB), Z18
	VPBROADCASTQ    bytesBits<>+16(SB), Z19
	VPBROADCASTQ    bytesBits<>+24(SB), Z20
	VPBROADCASTQ    bytesBits<>+32(SB), Z21
	VPBROADCASTQ    bytesBits<>+40(SB), Z22
	VPBROADCASTD    tieC0(DI), Z30
	VPBROADCASTD    tieC3(DI), Z31
	VBROADCASTI32X4 tieArs+0(DI), Z24
	VBROADCASTI32X4 tieArs+16(DI), Z25
	VBROADCASTI32X4 tieArs+32(DI), Z26
	VBROADCASTI32X4 tieArs+48(DI), Z27
	VBROADCASTI32X4 tieArs+64(DI), Z28
	VBROADCASTI32X4 tieArs+80(DI), Z29
	JMP             more

ties:
	VMOVDQU32   (SI), Z16
	VPSRLD      $2, Z16, Z0
	VPSLLD      $3, Z16, Z1
	VPANDD      Z17, Z0, Z0
	VPANDD      Z18, Z1, Z1
	VPANDD      Z19, Z16, Z2
	VPTERNLOGD  $0xfe, Z1, Z2, Z0
	VPSRLD      $11, Z16, Z1
	VPADDD.BCST tieChain(DI), Z0, Z0 // c1
	VPANDD      Z20, Z1, Z1
	VPADDD.BCST tieQuad(DI), Z1, Z1  // c2
	VPUNPCKLDQ  Z0, Z30, Z4
	VPUNPCKHDQ  Z0, Z30, Z5
	VPUNPCKLDQ  Z31, Z1, Z6
	VPUNPCKHDQ  Z31, Z1, Z7
	VPUNPCKLQDQ Z6, Z4, Z0
	VPUNPCKHQDQ Z6, Z4, Z1
	VPUNPCKLQDQ Z7, Z5, Z2
	VPUNPCKHQDQ Z7, Z5, Z3
	TIES_ARS(VPXORQ, Z24)
	TIES_ARS(VAESENC, Z25)
	TIES_ARS(VAESENC, Z26)
	TIES_ARS(VAESENC, Z27)
	TIES_ARS(VAESENC, Z28)
	TIES_ARS(VAESENCLAST, Z29)
	BYTES_WORDS(Z0, Z1, Z2, Z3)
	VPTESTMD    Z21, Z16, K1
	VPTESTMD    Z22, Z16, K2
	VMOVDQA32   Z13, K1, Z12
	VMOVDQA32   Z15, K1, Z14
	VMOVDQA32   Z14, K2, Z12
	TIES_DECIDE(0, Z12)
	ADDQ        $64, SI

more:
	TESTQ CX, CX
	JGT   ties
	TIES_END
