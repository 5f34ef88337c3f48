//go:build !purego

#include "textflag.h"
#include "philox256_amd64.h"

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

// Blocks of both sets, so that unpacking puts their words in the order of chains.
DATA pairNumbers<>+0(SB)/8, $0
DATA pairNumbers<>+8(SB)/8, $2
DATA pairNumbers<>+16(SB)/8, $1
DATA pairNumbers<>+24(SB)/8, $3
DATA pairNumbers<>+32(SB)/8, $4
DATA pairNumbers<>+40(SB)/8, $6
DATA pairNumbers<>+48(SB)/8, $5
DATA pairNumbers<>+56(SB)/8, $7
GLOBL pairNumbers<>(SB), RODATA|NOPTR, $64

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
	PAIRS_BACK

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

// func PhiloxNumbers256(k *Philox, first uint32, words *[64]uint32)
TEXT ·PhiloxNumbers256(SB), NOSPLIT, $8-24
	PAIRS_CONSTANTS
	LEAQ pairNumbers<>(SB), BX
	MOVQ words+16(FP), SI
	MOVL $2, CX

loop:
	PAIRS_SETS(words)

words:
	VPSLLQ      $32, Y1, Y1
	VPSLLQ      $32, Y3, Y3
	VPSLLQ      $32, Y7, Y7
	VPSLLQ      $32, Y9, Y9
	VPBLENDD    $0xaa, Y1, Y0, Y0
	VPBLENDD    $0xaa, Y3, Y2, Y2
	VPBLENDD    $0xaa, Y7, Y6, Y6
	VPBLENDD    $0xaa, Y9, Y8, Y8
	VPUNPCKLQDQ Y2, Y0, Y1
	VPUNPCKHQDQ Y2, Y0, Y3
	VPUNPCKLQDQ Y8, Y6, Y7
	VPUNPCKHQDQ Y8, Y6, Y9
	VMOVDQU     Y1, 0(SI)
	VMOVDQU     Y3, 32(SI)
	VMOVDQU     Y7, 64(SI)
	VMOVDQU     Y9, 96(SI)
	ADDQ        $128, SI
	ADDQ        $8, first-8(SP)
	DECL        CX
	JNE         loop
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

// Pairs of chains of the spin kernel's digits, from lanes 4i of a column on, 4i+2, 4i+1
// and 4i+3.
DATA foursPairs<>+0(SB)/8, $0
DATA foursPairs<>+8(SB)/8, $16
DATA foursPairs<>+16(SB)/8, $64
DATA foursPairs<>+24(SB)/8, $80
DATA foursPairs<>+32(SB)/8, $8
DATA foursPairs<>+40(SB)/8, $24
DATA foursPairs<>+48(SB)/8, $72
DATA foursPairs<>+56(SB)/8, $88
DATA foursPairs<>+64(SB)/8, $4
DATA foursPairs<>+72(SB)/8, $20
DATA foursPairs<>+80(SB)/8, $68
DATA foursPairs<>+88(SB)/8, $84
DATA foursPairs<>+96(SB)/8, $12
DATA foursPairs<>+104(SB)/8, $28
DATA foursPairs<>+112(SB)/8, $76
DATA foursPairs<>+120(SB)/8, $92
GLOBL foursPairs<>(SB), RODATA|NOPTR, $128

// What makes digits less 2^15 of digits.
DATA foursBias<>+0(SB)/8, $0x8000800080008000
DATA foursBias<>+8(SB)/8, $0x8000800080008000
DATA foursBias<>+16(SB)/8, $0x8000800080008000
DATA foursBias<>+24(SB)/8, $0x8000800080008000
GLOBL foursBias<>(SB), RODATA|NOPTR, $32

// Puts both sets of PAIRS_SETS side by side, into Y0 … Y3.
#define FOURS_JOIN \
	VPSLLQ   $32, Y6, Y6;       \
	VPSLLQ   $32, Y7, Y7;       \
	VPSLLQ   $32, Y8, Y8;       \
	VPSLLQ   $32, Y9, Y9;       \
	VPBLENDD $0xaa, Y6, Y0, Y0; \
	VPBLENDD $0xaa, Y7, Y1, Y1; \
	VPBLENDD $0xaa, Y8, Y2, Y2; \
	VPBLENDD $0xaa, Y9, Y3, Y3

// Words of even lanes on the stack and of odd ones in v to two slots.
#define FOURS_DIGITS(w, v, at) \
	VMOVDQU  w, Y4;              \
	VPXOR    Y11, Y4, Y4;        \
	VPXOR    Y11, v, v;          \
	VPSLLD   $16, v, Y5;         \
	VPSRLD   $16, Y4, Y6;        \
	VPBLENDW $0xaa, Y5, Y4, Y5;  \
	VPBLENDW $0xaa, v, Y6, Y6;   \
	VMOVDQU  Y5, at+0(SI);       \
	VMOVDQU  Y6, at+512(SI)

// func PhiloxSpins256(k *Philox, first uint32, digits *SpinDigits)
TEXT ·PhiloxSpins256(SB), NOSPLIT, $136-24
	PAIRS_CONSTANTS
	LEAQ foursPairs<>(SB), BX
	MOVQ digits+16(FP), SI
	MOVL $2, R8

loop:
	PAIRS_SETS(even)

even:
	FOURS_JOIN
	VMOVDQU Y0, w0-40(SP)
	VMOVDQU Y1, w1-72(SP)
	VMOVDQU Y2, w2-104(SP)
	VMOVDQU Y3, w3-136(SP)
	ADDQ    $64, BX
	PAIRS_SETS(odd)

odd:
	FOURS_JOIN
	VMOVDQU foursBias<>(SB), Y11
	FOURS_DIGITS(w0-40(SP), Y0, 0)
	FOURS_DIGITS(w1-72(SP), Y1, 1024)
	FOURS_DIGITS(w2-104(SP), Y2, 64)
	FOURS_DIGITS(w3-136(SP), Y3, 1088)
	SUBQ $64, BX
	ADDQ $128, SI
	ADDQ $1, first-8(SP)
	DECL CX
	JNE  loop
	ADDQ $28, first-8(SP)
	SUBQ $480, SI
	MOVL $4, CX
	DECL R8
	JNE  loop
	VZEROUPPER
	RET

DATA arsLanes<>+0(SB)/8, $0x0000000000000000
DATA arsLanes<>+8(SB)/8, $0
DATA arsLanes<>+16(SB)/8, $0x0000000400000000
DATA arsLanes<>+24(SB)/8, $0
DATA arsLanes<>+32(SB)/8, $0x0000000800000000
DATA arsLanes<>+40(SB)/8, $0
DATA arsLanes<>+48(SB)/8, $0x0000000c00000000
DATA arsLanes<>+56(SB)/8, $0
DATA arsLanes<>+64(SB)/8, $0x0000004000000000
DATA arsLanes<>+72(SB)/8, $0
DATA arsLanes<>+80(SB)/8, $0x0000004400000000
DATA arsLanes<>+88(SB)/8, $0
DATA arsLanes<>+96(SB)/8, $0x0000004800000000
DATA arsLanes<>+104(SB)/8, $0
DATA arsLanes<>+112(SB)/8, $0x0000004c00000000
DATA arsLanes<>+120(SB)/8, $0
GLOBL arsLanes<>(SB), RODATA|NOPTR, $128

#define ARS_EIGHT(op, key) \
	VMOVDQU key(DI), X8; \
	op      X8, X0, X0;  \
	op      X8, X1, X1;  \
	op      X8, X2, X2;  \
	op      X8, X3, X3;  \
	op      X8, X4, X4;  \
	op      X8, X5, X5;  \
	op      X8, X6, X6;  \
	op      X8, X7, X7

// The blocks of four lanes, and of the four 16 further on, from the counter in X9.
#define ARS_LANES \
	VPADDD      arsLanes<>+0(SB), X9, X0;   \
	VPADDD      arsLanes<>+16(SB), X9, X1;  \
	VPADDD      arsLanes<>+32(SB), X9, X2;  \
	VPADDD      arsLanes<>+48(SB), X9, X3;  \
	VPADDD      arsLanes<>+64(SB), X9, X4;  \
	VPADDD      arsLanes<>+80(SB), X9, X5;  \
	VPADDD      arsLanes<>+96(SB), X9, X6;  \
	VPADDD      arsLanes<>+112(SB), X9, X7; \
	ARS_EIGHT(VPXOR, 16);                   \
	ARS_EIGHT(VAESENC, 32);                 \
	ARS_EIGHT(VAESENC, 48);                 \
	ARS_EIGHT(VAESENC, 64);                 \
	ARS_EIGHT(VAESENC, 80);                 \
	ARS_EIGHT(VAESENCLAST, 96);             \
	VINSERTI128 $1, X4, Y0, Y0;             \
	VINSERTI128 $1, X5, Y1, Y1;             \
	VINSERTI128 $1, X6, Y2, Y2;             \
	VINSERTI128 $1, X7, Y3, Y3

// Pairs, then fours of the rows a, b, c, d: digits 0 and 1, 2 and 3, 4 and 5, 6 and 7.
#define ARS_FOURS(a, b, c, d, t, u, v, w) \
	VPUNPCKLWD b, a, t; \
	VPUNPCKHWD b, a, u; \
	VPUNPCKLWD d, c, v; \
	VPUNPCKHWD d, c, w; \
	VPUNPCKLDQ v, t, a; \
	VPUNPCKHDQ v, t, b; \
	VPUNPCKLDQ w, u, c; \
	VPUNPCKHDQ w, u, d

#define ARS_STORE(a, b, at) \
	VPUNPCKLQDQ b, a, Y8;       \
	VPUNPCKHQDQ b, a, Y9;       \
	VPXOR       Y14, Y8, Y8;    \
	VPXOR       Y14, Y9, Y9;    \
	VMOVDQU     Y8, at+0(SI);   \
	VMOVDQU     Y9, at+512(SI)

// func ArsSpins256(k *Ars, first uint32, digits *SpinDigits)
TEXT ·ArsSpins256(SB), NOSPLIT, $0-24
	MOVQ    k+0(FP), DI
	MOVL    first+8(FP), DX
	MOVQ    digits+16(FP), SI
	VMOVDQU foursBias<>(SB), Y14
	MOVL    $4, CX
	MOVL    $2, R8

loop:
	MOVQ    DX, AX
	SHLQ    $32, AX
	VMOVQ   AX, X9
	VPADDD  0(DI), X9, X9
	ARS_LANES
	VMOVDQA Y0, Y10
	VMOVDQA Y1, Y11
	VMOVDQA Y2, Y12
	VMOVDQA Y3, Y13
	LEAL    16(DX), AX
	SHLQ    $32, AX
	VMOVQ   AX, X9
	VPADDD  0(DI), X9, X9
	ARS_LANES
	ARS_FOURS(Y10, Y11, Y12, Y13, Y4, Y5, Y6, Y7)
	ARS_FOURS(Y0, Y1, Y2, Y3, Y4, Y5, Y6, Y7)
	ARS_STORE(Y10, Y0, 0)
	ARS_STORE(Y11, Y1, 1024)
	ARS_STORE(Y12, Y2, 64)
	ARS_STORE(Y13, Y3, 1088)
	ADDQ    $128, SI
	INCL    DX
	DECL    CX
	JNE     loop
	ADDL    $28, DX
	SUBQ    $480, SI
	MOVL    $4, CX
	DECL    R8
	JNE     loop
	VZEROUPPER
	RET

// func ArsNumbers256(k *Ars, first uint32, words *[64]uint32)
TEXT ·ArsNumbers256(SB), NOSPLIT, $0-24
	MOVQ    k+0(FP), DI
	MOVL    first+8(FP), AX
	MOVQ    words+16(FP), SI
	SHLQ    $32, AX
	VMOVQ   AX, X4
	VMOVDQU 0(DI), X5
	VPADDD  X5, X4, X4
	VMOVDQU arsFour<>(SB), X6
	MOVL    $4, CX

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
	VMOVDQU X0, 0(SI)
	VMOVDQU X1, 16(SI)
	VMOVDQU X2, 32(SI)
	VMOVDQU X3, 48(SI)
	VPADDD  X6, X4, X4
	ADDQ    $64, SI
	DECL    CX
	JNE     loop
	VZEROUPPER
	RET
