//go:build !purego

#include "textflag.h"
#include "philox128_arm64.h"

// Philox4x32 with four pairs of chains in a register, four such sets at a time, so that
// rounds need not wait for products: x0 … x3 in V0 … V3, V4 … V7, V8 … V11 and V12 … V15.

// Pairs of all sets.
DATA pairsOfSets<>+0(SB)/4, $0
DATA pairsOfSets<>+4(SB)/4, $1
DATA pairsOfSets<>+8(SB)/4, $2
DATA pairsOfSets<>+12(SB)/4, $3
DATA pairsOfSets<>+16(SB)/4, $4
DATA pairsOfSets<>+20(SB)/4, $5
DATA pairsOfSets<>+24(SB)/4, $6
DATA pairsOfSets<>+28(SB)/4, $7
DATA pairsOfSets<>+32(SB)/4, $8
DATA pairsOfSets<>+36(SB)/4, $9
DATA pairsOfSets<>+40(SB)/4, $10
DATA pairsOfSets<>+44(SB)/4, $11
DATA pairsOfSets<>+48(SB)/4, $12
DATA pairsOfSets<>+52(SB)/4, $13
DATA pairsOfSets<>+56(SB)/4, $14
DATA pairsOfSets<>+60(SB)/4, $15
GLOBL pairsOfSets<>(SB), RODATA|NOPTR, $64

// A round of all sets.
#define PAIRS_ROUND \
	PAIRS_KEYS;    \
	PAIRS_ROUND_A; \
	PAIRS_ROUND_B

// Rounds 1 to 3 of the next sixteen pairs: see Philox.
#define PAIRS_HEAD \
	VDUP  R1, V24.S4;                                 \
	ADD   $16, R1;                                    \
	VLD1  (R4), [V16.B16, V17.B16, V18.B16, V19.B16]; \
	VLD1R (R0), [V25.S4];                             \
	VADD  V16.S4, V24.S4, V0.S4;                      \
	VADD  V17.S4, V24.S4, V4.S4;                      \
	VADD  V18.S4, V24.S4, V8.S4;                      \
	VADD  V19.S4, V24.S4, V12.S4;                     \
	VEOR  V25.B16, V0.B16, V0.B16;                    \
	VEOR  V25.B16, V4.B16, V4.B16;                    \
	VEOR  V25.B16, V8.B16, V8.B16;                    \
	VEOR  V25.B16, V12.B16, V12.B16;                  \
	ADD   $8, R0, R5;                                 \
	VLD1R (R5), [V24.S4];                             \
	ADD   $16, R0, R5;                                \
	VLD1R (R5), [V25.S4];                             \
	ADD   $24, R0, R5;                                \
	VLD1R (R5), [V26.S4];                             \
	ADD   $32, R0, R5;                                \
	VLD1R (R5), [V27.S4];                             \
	UMULL(30, 0, 16);                                 \
	UMULL2(30, 0, 17);                                \
	UMULL(30, 4, 18);                                 \
	UMULL2(30, 4, 19);                                \
	UMULL(30, 8, 20);                                 \
	UMULL2(30, 8, 21);                                \
	UMULL(30, 12, 22);                                \
	UMULL2(30, 12, 23);                               \
	VUZP2 V17.S4, V16.S4, V0.S4;                      \
	VUZP1 V17.S4, V16.S4, V2.S4;                      \
	VUZP2 V19.S4, V18.S4, V4.S4;                      \
	VUZP1 V19.S4, V18.S4, V6.S4;                      \
	VUZP2 V21.S4, V20.S4, V8.S4;                      \
	VUZP1 V21.S4, V20.S4, V10.S4;                     \
	VUZP2 V23.S4, V22.S4, V12.S4;                     \
	VUZP1 V23.S4, V22.S4, V14.S4;                     \
	VEOR  V24.B16, V0.B16, V0.B16;                    \
	VEOR  V24.B16, V4.B16, V4.B16;                    \
	VEOR  V24.B16, V8.B16, V8.B16;                    \
	VEOR  V24.B16, V12.B16, V12.B16;                  \
	UMULL(31, 0, 16);                                 \
	UMULL2(31, 0, 17);                                \
	UMULL(31, 4, 18);                                 \
	UMULL2(31, 4, 19);                                \
	UMULL(31, 8, 20);                                 \
	UMULL2(31, 8, 21);                                \
	UMULL(31, 12, 22);                                \
	UMULL2(31, 12, 23);                               \
	VUZP2 V17.S4, V16.S4, V0.S4;                      \
	VUZP1 V17.S4, V16.S4, V1.S4;                      \
	VUZP2 V19.S4, V18.S4, V4.S4;                      \
	VUZP1 V19.S4, V18.S4, V5.S4;                      \
	VUZP2 V21.S4, V20.S4, V8.S4;                      \
	VUZP1 V21.S4, V20.S4, V9.S4;                      \
	VUZP2 V23.S4, V22.S4, V12.S4;                     \
	VUZP1 V23.S4, V22.S4, V13.S4;                     \
	VEOR  V25.B16, V0.B16, V0.B16;                    \
	VEOR  V26.B16, V2.B16, V2.B16;                    \
	VMOV  V27.B16, V3.B16;                            \
	VEOR  V25.B16, V4.B16, V4.B16;                    \
	VEOR  V26.B16, V6.B16, V6.B16;                    \
	VMOV  V27.B16, V7.B16;                            \
	VEOR  V25.B16, V8.B16, V8.B16;                    \
	VEOR  V26.B16, V10.B16, V10.B16;                  \
	VMOV  V27.B16, V11.B16;                           \
	VEOR  V25.B16, V12.B16, V12.B16;                  \
	VEOR  V26.B16, V14.B16, V14.B16;                  \
	VMOV  V27.B16, V15.B16;                           \
	ADD   $40, R0, R25;                               \
	ADD   $48, R0, R26

// R6 is 0 if the last three rounds are left out.
#define PAIRS_ARGUMENTS \
	MOVD  $pairsOfSets<>(SB), R4; \
	MOVD  152(R0), R6;            \
	MOVW  $0xD2511F53, R5;        \
	VDUP  R5, V30.S4;             \
	MOVW  $0xCD9E8D57, R5;        \
	VDUP  R5, V31.S4

// All rounds of the next sixteen pairs.
#define PAIRS_SETS(done) \
	PAIRS_HEAD;   \
	PAIRS_ROUND;  \
	PAIRS_ROUND;  \
	PAIRS_ROUND;  \
	PAIRS_ROUND;  \
	CBZ R6, done; \
	PAIRS_ROUND;  \
	PAIRS_ROUND;  \
	PAIRS_ROUND

// Words a of first chains and b of second ones of all sets, to r.
#define PAIRS_STORE(a, b, c, d, e, f, g, h, r) \
	VZIP1  b.S4, a.S4, V16.S4;                       \
	VZIP2  b.S4, a.S4, V17.S4;                       \
	VZIP1  d.S4, c.S4, V18.S4;                       \
	VZIP2  d.S4, c.S4, V19.S4;                       \
	VZIP1  f.S4, e.S4, V20.S4;                       \
	VZIP2  f.S4, e.S4, V21.S4;                       \
	VZIP1  h.S4, g.S4, V22.S4;                       \
	VZIP2  h.S4, g.S4, V23.S4;                       \
	VST1.P [V16.S4, V17.S4, V18.S4, V19.S4], 64(r); \
	VST1.P [V20.S4, V21.S4, V22.S4, V23.S4], 64(r)

// func PhiloxWords128(k *Philox, first uint32, words *[2][64]uint32)
TEXT ·PhiloxWords128(SB), NOSPLIT, $0-24
	MOVD  k+0(FP), R0
	MOVWU first+8(FP), R1
	MOVD  words+16(FP), R2
	PAIRS_ARGUMENTS
	ADD  $256, R2, R8
	MOVD $2, R7

loop:
	PAIRS_SETS(words)

words:
	PAIRS_STORE(V0, V2, V4, V6, V8, V10, V12, V14, R2)
	PAIRS_STORE(V1, V3, V5, V7, V9, V11, V13, V15, R8)
	SUB  $1, R7
	CBNZ R7, loop
	RET

// func PhiloxNumbers128(k *Philox, first uint32, words *[64]uint32)
TEXT ·PhiloxNumbers128(SB), NOSPLIT, $0-24
	MOVD  k+0(FP), R0
	MOVWU first+8(FP), R1
	MOVD  words+16(FP), R2
	PAIRS_ARGUMENTS
	PAIRS_SETS(words)

words:
	VST4.P [V0.S4, V1.S4, V2.S4, V3.S4], 64(R2)
	VST4.P [V4.S4, V5.S4, V6.S4, V7.S4], 64(R2)
	VST4.P [V8.S4, V9.S4, V10.S4, V11.S4], 64(R2)
	VST4   [V12.S4, V13.S4, V14.S4, V15.S4], (R2)
	RET
