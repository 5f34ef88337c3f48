//go:build !purego

#include "textflag.h"

// Philox4x32 for 4 pairs of chains in a register, as in philox512_amd64.s, two sets at
// a time.

// Pairs of both sets in the order of chains, and those whose first chains are 8k: even
// k in one set, odd k in the other.
DATA pairRows<>+0(SB)/8, $0
DATA pairRows<>+8(SB)/8, $1
DATA pairRows<>+16(SB)/8, $2
DATA pairRows<>+24(SB)/8, $3
DATA pairRows<>+32(SB)/8, $4
DATA pairRows<>+40(SB)/8, $5
DATA pairRows<>+48(SB)/8, $6
DATA pairRows<>+56(SB)/8, $7
GLOBL pairRows<>(SB), RODATA|NOPTR, $64

DATA pairColumns<>+0(SB)/8, $0
DATA pairColumns<>+8(SB)/8, $8
DATA pairColumns<>+16(SB)/8, $16
DATA pairColumns<>+24(SB)/8, $24
DATA pairColumns<>+32(SB)/8, $4
DATA pairColumns<>+40(SB)/8, $12
DATA pairColumns<>+48(SB)/8, $20
DATA pairColumns<>+56(SB)/8, $28
GLOBL pairColumns<>(SB), RODATA|NOPTR, $64

// Rounds 1 to 3 of pairs at BX ^ first: numbers a, b, c, d; e and f are free.
#define PAIRS_HEAD(at, a, b, c, d, e, f) \
	VPBROADCASTQ first-8(SP), a; \
	VPADDQ       at(BX), a, a;     \
	VPBROADCASTQ 0(DI), f;         \
	VPXOR        f, a, a;          \
	VPMULUDQ     a, Y14, e;        \
	VPSRLQ       $32, e, f;        \
	VPBROADCASTQ 8(DI), b;         \
	VPXOR        b, f, f;          \
	VPMULUDQ     f, Y15, b;        \
	VPSRLQ       $32, b, a;        \
	VPBROADCASTQ 16(DI), c;        \
	VPXOR        c, a, a;          \
	VPBROADCASTQ 24(DI), c;        \
	VPXOR        c, e, c;          \
	VPBROADCASTQ 32(DI), d

// A round of both sets with a common key: from a, b, c, d to a, f, c, e.
#define PAIRS_ROUND(key, a, b, c, d, e, f, g, h, i, j, k, l) \
	VPMULUDQ     a, Y14, e;            \
	VPMULUDQ     c, Y15, f;            \
	VPMULUDQ     g, Y14, k;            \
	VPMULUDQ     i, Y15, l;            \
	VPBROADCASTQ key+0(DI), Y12;       \
	VPBROADCASTQ key+8(DI), Y13;       \
	VPSRLQ       $32, f, a;            \
	VPSRLQ       $32, e, c;            \
	VPSRLQ       $32, l, g;            \
	VPSRLQ       $32, k, i;            \
	VPXOR        b, a, a;              \
	VPXOR        d, c, c;              \
	VPXOR        h, g, g;              \
	VPXOR        j, i, i;              \
	VPXOR        Y12, a, a;            \
	VPXOR        Y13, c, c;            \
	VPXOR        Y12, g, g;            \
	VPXOR        Y13, i, i

#define PAIRS_ROUND1(key) PAIRS_ROUND(key, Y0, Y1, Y2, Y3, Y4, Y5, Y6, Y7, Y8, Y9, Y10, Y11)
#define PAIRS_ROUND2(key) PAIRS_ROUND(key, Y0, Y5, Y2, Y4, Y1, Y3, Y6, Y11, Y8, Y10, Y7, Y9)
#define PAIRS_ROUND3(key) PAIRS_ROUND(key, Y0, Y3, Y2, Y1, Y5, Y4, Y6, Y9, Y8, Y7, Y11, Y10)
#define PAIRS_ROUND4(key) PAIRS_ROUND(key, Y0, Y4, Y2, Y5, Y3, Y1, Y6, Y10, Y8, Y11, Y9, Y7)

// All rounds of both sets. x0 … x3 end in Y0 … Y3 and Y6 … Y9.
#define PAIRS_SETS(done) \
	PAIRS_HEAD(0, Y0, Y1, Y2, Y3, Y4, Y5);    \
	PAIRS_HEAD(32, Y6, Y7, Y8, Y9, Y10, Y11); \
	PAIRS_ROUND1(40);                         \
	PAIRS_ROUND2(56);                         \
	PAIRS_ROUND3(72);                         \
	PAIRS_ROUND4(88);                         \
	MOVQ     152(DI), DX;                     \
	TESTQ    DX, DX;                          \
	JEQ      done;                            \
	PAIRS_ROUND1(104);                        \
	PAIRS_ROUND2(120);                        \
	PAIRS_ROUND3(136);                        \
	VMOVDQA  Y4, Y1;                          \
	VMOVDQA  Y5, Y3;                          \
	VMOVDQA  Y10, Y7;                         \
	VMOVDQA  Y11, Y9

#define PAIRS_CONSTANTS \
	MOVQ         k+0(FP), DI;     \
	MOVL         first+8(FP), AX; \
	MOVQ         AX, first-8(SP); \
	MOVL         $0xD2511F53, AX; \
	VMOVQ        AX, X14;         \
	VPBROADCASTQ X14, Y14;        \
	MOVL         $0xCD9E8D57, AX; \
	VMOVQ        AX, X15;         \
	VPBROADCASTQ X15, Y15;        \
	MOVL         $4, CX

// func PhiloxWords256(k *Philox, first uint32, words *[2][64]uint32)
TEXT ·PhiloxWords256(SB), NOSPLIT, $8-24
	PAIRS_CONSTANTS
	LEAQ pairRows<>(SB), BX
	MOVQ words+16(FP), SI

loop:
	PAIRS_SETS(words)

words:
	VPSLLQ   $32, Y2, Y2
	VPSLLQ   $32, Y3, Y3
	VPSLLQ   $32, Y8, Y8
	VPSLLQ   $32, Y9, Y9
	VPBLENDD $0xaa, Y2, Y0, Y0
	VPBLENDD $0xaa, Y3, Y1, Y1
	VPBLENDD $0xaa, Y8, Y6, Y6
	VPBLENDD $0xaa, Y9, Y7, Y7
	VMOVDQU  Y0, 0(SI)
	VMOVDQU  Y6, 32(SI)
	VMOVDQU  Y1, 256(SI)
	VMOVDQU  Y7, 288(SI)
	ADDQ     $64, SI
	ADDQ     $8, first-8(SP)
	DECL     CX
	JNE      loop
	VZEROUPPER
	RET

// The words a of eight first chains and b of the eight second ones, low and high
// halves apart, to two slots.
#define PAIRS_DIGITS(a, b, at) \
	VPBLENDW  $0xaa, Y13, a, Y4;  \
	VPBLENDW  $0xaa, Y13, b, Y5;  \
	VPSRLD    $16, a, a;          \
	VPSRLD    $16, b, b;          \
	VPACKUSDW Y5, Y4, Y4;         \
	VPACKUSDW b, a, a;            \
	VPERMQ    $0xd8, Y4, Y4;      \
	VPERMQ    $0xd8, a, a;        \
	VMOVDQU   Y4, at+0(SI);       \
	VMOVDQU   a, at+128(SI)

// func PhiloxDigits256(k *Philox, first uint32, digits *[4][64]uint16)
TEXT ·PhiloxDigits256(SB), NOSPLIT, $8-24
	PAIRS_CONSTANTS
	LEAQ pairColumns<>(SB), BX
	MOVQ digits+16(FP), SI

loop:
	PAIRS_SETS(digits)

digits:
	VPXOR    Y13, Y13, Y13
	VPSLLQ   $32, Y6, Y6
	VPSLLQ   $32, Y7, Y7
	VPSLLQ   $32, Y8, Y8
	VPSLLQ   $32, Y9, Y9
	VPBLENDD $0xaa, Y6, Y0, Y0
	VPBLENDD $0xaa, Y7, Y1, Y1
	VPBLENDD $0xaa, Y8, Y2, Y2
	VPBLENDD $0xaa, Y9, Y3, Y3
	PAIRS_DIGITS(Y0, Y2, 0)
	PAIRS_DIGITS(Y1, Y3, 256)
	ADDQ     $32, SI
	ADDQ     $1, first-8(SP)
	DECL     CX
	JNE      loop
	VZEROUPPER
	RET

// Four pairs of chains for ARS-5, a block of 128 bits each.
DATA arsPairs<>+0(SB)/8, $0x0000000000000000
DATA arsPairs<>+8(SB)/8, $0x0000000000000000
DATA arsPairs<>+16(SB)/8, $0x0000000100000000
DATA arsPairs<>+24(SB)/8, $0x0000000000000000
DATA arsPairs<>+32(SB)/8, $0x0000000200000000
DATA arsPairs<>+40(SB)/8, $0x0000000000000000
DATA arsPairs<>+48(SB)/8, $0x0000000300000000
DATA arsPairs<>+56(SB)/8, $0x0000000000000000
GLOBL arsPairs<>(SB), RODATA|NOPTR, $64

DATA arsFour<>+0(SB)/8, $0x0000000400000000
DATA arsFour<>+8(SB)/8, $0
GLOBL arsFour<>(SB), RODATA|NOPTR, $16

#define ARS_FOUR(op, key) \
	VMOVDQU key(DI), X5; \
	op      X5, X0, X0;  \
	op      X5, X1, X1;  \
	op      X5, X2, X2;  \
	op      X5, X3, X3

// func ArsWords256(k *Ars, first uint32, words *[2][64]uint32)
TEXT ·ArsWords256(SB), NOSPLIT, $0-24
	MOVQ    k+0(FP), DI
	MOVL    first+8(FP), AX
	MOVQ    words+16(FP), SI
	SHLQ    $32, AX
	VMOVQ   AX, X4
	VMOVDQU 0(DI), X5
	VPADDD  X5, X4, X4
	VMOVDQU arsFour<>(SB), X6
	MOVL    $8, CX

loop:
	VPADDD  arsPairs<>+0(SB), X4, X0
	VPADDD  arsPairs<>+16(SB), X4, X1
	VPADDD  arsPairs<>+32(SB), X4, X2
	VPADDD  arsPairs<>+48(SB), X4, X3
	ARS_FOUR(VPXOR, 16)
	ARS_FOUR(VAESENC, 32)
	ARS_FOUR(VAESENC, 48)
	ARS_FOUR(VAESENC, 64)
	ARS_FOUR(VAESENC, 80)
	ARS_FOUR(VAESENCLAST, 96)
	VSHUFPS $0x88, X1, X0, X7
	VSHUFPS $0xdd, X1, X0, X8
	VSHUFPS $0x88, X3, X2, X9
	VSHUFPS $0xdd, X3, X2, X10
	VMOVDQU X7, 0(SI)
	VMOVDQU X9, 16(SI)
	VMOVDQU X8, 256(SI)
	VMOVDQU X10, 272(SI)
	VPADDD  X6, X4, X4
	ADDQ    $32, SI
	DECL    CX
	JNE     loop
	VZEROUPPER
	RET
