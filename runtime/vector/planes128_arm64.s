//go:build !purego

#include "textflag.h"
#include "philox128_arm64.h"

// The kernel of bit planes in NEON: of each node first 256 chains in two registers, then the
// others. See planes.go for what it reads. In all of it
//
//	R0, R1    the arguments; the words
//	R2, R4    the state and the scratch, both at the half
//	R3        the node
//	R5, R6    the state to write, at the half; the half, in bytes
//	R7, R8    the class and its thresholds of the next four planes
//	R9, R10   fours that are left, what their words differ in
//	R11, R12  the slot, nodes that are left
//	R19       magnitudes that count
//	R24       64
//	V26, V27  open chains
//	V28, V29  rare ones

// Offsets in PlaneScratch. Inputs and marked chains follow each other by 32 bytes.
#define twoHigh 512
#define twoMarked 1088
#define twoInput 5184
#define twoLikely 9280

// Begins counter k: with an input, or with nothing.
#define TWO_BEGIN(k, c, d, none) \
	VEOR   c.B16, c.B16, c.B16;     \
	VEOR   d.B16, d.B16, d.B16;     \
	TBZ    $k, R13, none;           \
	VLD1.P 32(R23), [c.B16, d.B16]; \
none:

// Adds two inputs to a counter; the carry goes to V0 and V1.
#define TWO_PAIR(c, d) \
	VLD1.P 64(R23), [V0.B16, V1.B16, V2.B16, V3.B16]; \
	VEOR   V0.B16, V2.B16, V2.B16;                    \
	VEOR   V1.B16, V3.B16, V3.B16;                    \
	VBIT   V2.B16, c.B16, V0.B16;                     \
	VBIT   V3.B16, d.B16, V1.B16;                     \
	VEOR   V2.B16, c.B16, c.B16;                      \
	VEOR   V3.B16, d.B16, d.B16

// Adds the carry to a counter; V7 is 0.
#define TWO_CARRY(c, d) \
	VEOR V0.B16, c.B16, c.B16;  \
	VEOR V1.B16, d.B16, d.B16;  \
	VBIT c.B16, V7.B16, V0.B16; \
	VBIT d.B16, V7.B16, V1.B16

// Writes the chains of p, q whose highest counter, in V6 and V5, is 0; those where it is 1 go
// to t, u.
#define TWO_COUNT(p, q, t, u) \
	VAND   V6.B16, p.B16, t.B16;      \
	VAND   V5.B16, q.B16, u.B16;      \
	VEOR   t.B16, p.B16, p.B16;       \
	VEOR   u.B16, q.B16, q.B16;       \
	VST1.P [p.B16, q.B16], (R15)(R24)

// Writes the chains by what three counters, the lowest first, hold, to R15; V4 has all bits.
#define TWO_COUNTS(a, b, c, d, e, f) \
	VMOV   e.B16, V6.B16;                  \
	VMOV   f.B16, V5.B16;                  \
	VAND   a.B16, c.B16, V22.B16;          \
	VAND   b.B16, d.B16, V23.B16;          \
	VEOR   V22.B16, a.B16, V2.B16;         \
	VEOR   V23.B16, b.B16, V3.B16;         \
	VEOR   V22.B16, c.B16, V20.B16;        \
	VEOR   V23.B16, d.B16, V21.B16;        \
	VEOR   V20.B16, a.B16, V0.B16;         \
	VEOR   V21.B16, b.B16, V1.B16;         \
	VEOR   V4.B16, V0.B16, V0.B16;         \
	VEOR   V4.B16, V1.B16, V1.B16;         \
	TWO_COUNT(V0, V1, V24, V25);           \
	TWO_COUNT(V2, V3, V26, V27);           \
	TWO_COUNT(V20, V21, V28, V29);         \
	TWO_COUNT(V22, V23, V30, V31);         \
	VST1.P [V24.B16, V25.B16], (R15)(R24); \
	VST1.P [V26.B16, V27.B16], (R15)(R24); \
	VST1.P [V28.B16, V29.B16], (R15)(R24); \
	VST1.P [V30.B16, V31.B16], (R15)(R24)

// From the inputs of a node to PlaneScratch.Marked, the likely values, the class and the open
// and rare chains. It changes all vectors.
TEXT twoMarks<>(SB), NOSPLIT, $0
	MOVW 4(R3), R13
	MOVD 32(R0), R14
	MOVD (R14)(R13<<3), R13
	MOVD 24(R0), R7
	ADD  R13, R7

	// Inputs: rows are combined as long as their marks say that there are more.
	ADD  $44, R3, R20
	MOVW 8(R3), R21
	ADD  R3, R21
	MOVD $twoInput, R23
	ADD  R4, R23
	MOVD R23, R22
	B    gathered

gather:
	MOVW.P 4(R20), R13
	MOVW.P 4(R20), R14
	ADD    R2, R13
	VLD1   (R13), [V0.B16, V1.B16]
	CMPW   $1, R14
	BNE    row

rows:
	MOVW.P 4(R20), R13
	MOVW.P 4(R20), R14
	ADD    R2, R13
	VLD1   (R13), [V2.B16, V3.B16]
	VEOR   V2.B16, V0.B16, V0.B16
	VEOR   V3.B16, V1.B16, V1.B16
	CMPW   $1, R14
	BEQ    rows

row: // marks are 0 or PlaneFlip
	SBFX   $6, R14, $1, R14
	VDUP   R14, V2.D2
	VEOR   V2.B16, V0.B16, V0.B16
	VEOR   V2.B16, V1.B16, V1.B16
	VST1.P [V0.B16, V1.B16], 32(R22)

gathered:
	CMP R21, R20
	BNE gather

	// Counters.
	VEOR  V7.B16, V7.B16, V7.B16
	VMOVI $255, V4.B16
	MOVWU 12(R3), R13
	MOVD  16(R7), R14               // wide
	TWO_BEGIN(0, V8, V9, even0)
	TWO_BEGIN(1, V10, V11, even1)
	TWO_BEGIN(2, V12, V13, even2)
	TWO_BEGIN(3, V14, V15, even3)
	TWO_BEGIN(4, V16, V17, even4)
	TWO_BEGIN(5, V18, V19, even5)
	MOVWU 16(R3), R15
	CBZ   R15, paired0

pair0:
	TWO_PAIR(V8, V9)
	TWO_CARRY(V10, V11)
	TWO_CARRY(V12, V13)
	CBZ R14, narrow0
	TWO_CARRY(V14, V15)
	TWO_CARRY(V16, V17)
	TWO_CARRY(V18, V19)

narrow0:
	SUB  $1, R15
	CBNZ R15, pair0

paired0:
	MOVWU 20(R3), R15
	CBZ   R15, paired1

pair1:
	TWO_PAIR(V10, V11)
	TWO_CARRY(V12, V13)
	CBZ R14, narrow1
	TWO_CARRY(V14, V15)
	TWO_CARRY(V16, V17)
	TWO_CARRY(V18, V19)

narrow1:
	SUB  $1, R15
	CBNZ R15, pair1

paired1:
	MOVWU 24(R3), R15
	CBZ   R15, paired2

pair2:
	TWO_PAIR(V12, V13)
	CBZ R14, narrow2
	TWO_CARRY(V14, V15)
	TWO_CARRY(V16, V17)
	TWO_CARRY(V18, V19)

narrow2:
	SUB  $1, R15
	CBNZ R15, pair2

paired2:
	CBZ   R14, counted
	MOVWU 28(R3), R15
	CBZ   R15, paired3

pair3:
	TWO_PAIR(V14, V15)
	TWO_CARRY(V16, V17)
	TWO_CARRY(V18, V19)
	SUB  $1, R15
	CBNZ R15, pair3

paired3:
	MOVWU 32(R3), R15
	CBZ   R15, paired4

pair4:
	TWO_PAIR(V16, V17)
	TWO_CARRY(V18, V19)
	SUB  $1, R15
	CBNZ R15, pair4

paired4:
	MOVWU 36(R3), R15
	CBZ   R15, paired5

pair5:
	TWO_PAIR(V18, V19)
	SUB  $1, R15
	CBNZ R15, pair5

paired5:
	ADD $twoHigh, R4, R15
	TWO_COUNTS(V14, V15, V16, V17, V18, V19)
	B   marks

counted:
	VMOVI $255, V5.B16
	ADD   $twoHigh, R4, R15
	VST1  [V4.B16, V5.B16], (R15)

marks:
	MOVD R4, R15
	TWO_COUNTS(V8, V9, V10, V11, V12, V13)
	MOVD 0(R7), R19
	MOVD R19, R15
	ADD  $32, R7, R20
	ADD  $twoMarked, R4, R22
	VEOR V24.B16, V24.B16, V24.B16
	VEOR V25.B16, V25.B16, V25.B16

mark:
	MOVWU.P 4(R20), R13
	MOVWU.P 4(R20), R14
	ADD     R4, R13
	ADD     R4, R14
	VLD1    (R13), [V0.B16, V1.B16]
	VLD1    (R14), [V2.B16, V3.B16]
	MOVWU.P 4(R20), R13
	MOVWU.P 4(R20), R14
	ADD     R4, R13
	ADD     R4, R14
	VLD1    (R13), [V4.B16, V5.B16]
	VLD1    (R14), [V6.B16, V7.B16]
	VAND    V2.B16, V0.B16, V0.B16
	VAND    V3.B16, V1.B16, V1.B16
	VAND    V6.B16, V4.B16, V4.B16
	VAND    V7.B16, V5.B16, V5.B16
	VORR    V0.B16, V24.B16, V24.B16
	VORR    V1.B16, V25.B16, V25.B16
	VORR    V4.B16, V0.B16, V0.B16
	VORR    V5.B16, V1.B16, V1.B16
	VST1.P  [V0.B16, V1.B16], 32(R22)
	SUB     $1, R15
	CBNZ    R15, mark
	MOVD    $twoLikely, R13
	ADD     R4, R13
	VST1    [V24.B16, V25.B16], (R13)
	MOVD    24(R7), R8
	ADD     R7, R8
	MOVD    72(R0), R9
	MOVD    40(R0), R13
	ADD     R6, R13
	VLD1    (R13), [V26.B16, V27.B16]
	VEOR    V28.B16, V28.B16, V28.B16
	VEOR    V29.B16, V29.B16, V29.B16
	RET

// The beginning of both kernels: the arguments.
#define TWO_ARGUMENTS \
	MOVD 0(R0), R2;   \
	MOVD 16(R0), R3;  \
	MOVD 48(R0), R4;  \
	MOVD 8(R0), R5;   \
	MOVD $0, R6;      \
	MOVD 56(R0), R11; \
	MOVD 64(R0), R12; \
	MOVD $64, R24

// What the magnitude marked in V24 and V25 gives to the thresholds of two planes. Marked
// chains are in no other magnitude.
#define TWO_THRESHOLD(a, b, c, d) \
	VLD1R.P 8(R21), [V14.D2];        \
	VLD1R.P 8(R21), [V15.D2];        \
	VBIT    V24.B16, V14.B16, a.B16; \
	VBIT    V25.B16, V14.B16, b.B16; \
	VBIT    V24.B16, V15.B16, c.B16; \
	VBIT    V25.B16, V15.B16, d.B16

// Thresholds of four planes, of R19 magnitudes from R8 on, in V16 … V23.
#define TWO_THRESHOLDS(next) \
	ADD    $twoMarked, R4, R20;         \
	MOVD   R8, R21;                     \
	MOVD   R19, R15;                    \
	VEOR   V16.B16, V16.B16, V16.B16;   \
	VEOR   V17.B16, V17.B16, V17.B16;   \
	VEOR   V18.B16, V18.B16, V18.B16;   \
	VEOR   V19.B16, V19.B16, V19.B16;   \
	VEOR   V20.B16, V20.B16, V20.B16;   \
	VEOR   V21.B16, V21.B16, V21.B16;   \
	VEOR   V22.B16, V22.B16, V22.B16;   \
	VEOR   V23.B16, V23.B16, V23.B16;   \
next:                                   \
	VLD1.P 32(R20), [V24.B16, V25.B16]; \
	TWO_THRESHOLD(V16, V17, V18, V19);  \
	TWO_THRESHOLD(V20, V21, V22, V23);  \
	SUB    $1, R15;                     \
	CBNZ   R15, next

// Compares a plane u with thresholds t: open chains are rare where u is less, and stay open
// where it is the same.
#define TWO_COMPARE(u, t, open, rare) \
	VEOR t.B16, u.B16, u.B16;      \
	VAND open.B16, u.B16, u.B16;   \
	VBIT u.B16, t.B16, rare.B16;   \
	VEOR u.B16, open.B16, open.B16

// Compares the four planes in V0 … V7, and goes to the next four unless all chains are decided
// or there are none.
#define TWO_PLANES(next, four, decided) \
	TWO_THRESHOLDS(next);           \
	TWO_COMPARE(V0, V16, V26, V28); \
	TWO_COMPARE(V1, V17, V27, V29); \
	TWO_COMPARE(V2, V18, V26, V28); \
	TWO_COMPARE(V3, V19, V27, V29); \
	TWO_COMPARE(V4, V20, V26, V28); \
	TWO_COMPARE(V5, V21, V27, V29); \
	TWO_COMPARE(V6, V22, V26, V28); \
	TWO_COMPARE(V7, V23, V27, V29); \
	SUB  $1, R9;                    \
	CBZ  R9, decided;               \
	MOVD 0(R7), R13;                \
	ADD  R13<<5, R8;                \
	MOVD 8(R7), R19;                \
	CBZ  R19, decided;              \
	VORR V26.B16, V27.B16, V0.B16;  \
	VMOV V0.D[0], R13;              \
	VMOV V0.D[1], R14;              \
	ORR  R14, R13;                  \
	CBNZ R13, four

// Writes half a node and goes on to the other, or to the next one.
#define TWO_WRITE(other, node) \
	MOVD $twoLikely, R13;         \
	ADD  R4, R13;                 \
	VLD1 (R13), [V0.B16, V1.B16]; \
	VEOR V28.B16, V0.B16, V0.B16; \
	VEOR V29.B16, V1.B16, V1.B16; \
	MOVW 0(R3), R13;              \
	ADD  R5, R13;                 \
	VST1 [V0.B16, V1.B16], (R13); \
	EOR  $32, R6;                 \
	CBZ  R6, other;               \
	ADD  $32, R2;                 \
	ADD  $32, R4;                 \
	ADD  $32, R5;                 \
	B    node;                    \
other:                            \
	SUB  $32, R2;                 \
	SUB  $32, R4;                 \
	SUB  $32, R5;                 \
	MOVW 8(R3), R13;              \
	ADD  R13, R3;                 \
	ADD  $1, R11;                 \
	SUB  $1, R12;                 \
	CBNZ R12, node

// A round of AES in eight blocks under a key for those in even places and one for the others.
#define TWO_ARS(even, odd) \
	AESE  even.B16, V0.B16; \
	AESMC V0.B16, V0.B16;   \
	AESE  odd.B16, V1.B16;  \
	AESMC V1.B16, V1.B16;   \
	AESE  even.B16, V2.B16; \
	AESMC V2.B16, V2.B16;   \
	AESE  odd.B16, V3.B16;  \
	AESMC V3.B16, V3.B16;   \
	AESE  even.B16, V4.B16; \
	AESMC V4.B16, V4.B16;   \
	AESE  odd.B16, V5.B16;  \
	AESMC V5.B16, V5.B16;   \
	AESE  even.B16, V6.B16; \
	AESMC V6.B16, V6.B16;   \
	AESE  odd.B16, V7.B16;  \
	AESMC V7.B16, V7.B16

#define TWO_LAST(v) \
	AESE V11.B16, v.B16;       \
	VEOR V12.B16, v.B16, v.B16

// func ArsPlanes128(a *Planes, k *ArsPlanes)
TEXT ·ArsPlanes128(SB), NOSPLIT, $0-16
	MOVD a+0(FP), R0
	MOVD k+8(FP), R1
	TWO_ARGUMENTS

node:
	CALL   twoMarks<>(SB)
	ADD    $2112, R1, R13
	VLD1.P (R13)(R24), [V8.B16]
	VLD1.P (R13)(R24), [V9.B16]
	VLD1.P (R13)(R24), [V10.B16]
	VLD1.P (R13)(R24), [V11.B16]
	VLD1   (R13), [V12.B16]
	ADD    R1, R6, R13
	VLD1   (R13), [V30.B16, V31.B16]
	VEOR   V0.B16, V0.B16, V0.B16
	VMOV   R11, V0.D[1]
	VEOR   V0.B16, V30.B16, V30.B16
	VEOR   V0.B16, V31.B16, V31.B16
	ADD    $64, R1, R10

four: // AESE adds the counter, which has the first key in it, to what planes change of it
	VLD1.P (R10)(R24), [V0.B16, V1.B16]
	VLD1.P (R10)(R24), [V2.B16, V3.B16]
	VLD1.P (R10)(R24), [V4.B16, V5.B16]
	VLD1.P (R10)(R24), [V6.B16, V7.B16]
	TWO_ARS(V30, V31)
	TWO_ARS(V8, V8)
	TWO_ARS(V9, V9)
	TWO_ARS(V10, V10)
	TWO_LAST(V0)
	TWO_LAST(V1)
	TWO_LAST(V2)
	TWO_LAST(V3)
	TWO_LAST(V4)
	TWO_LAST(V5)
	TWO_LAST(V6)
	TWO_LAST(V7)
	TWO_PLANES(threshold, four, decided)

decided:
	TWO_WRITE(other, node)
	RET

// What rounds 1 to 3 of 128 chains have in common: from at(R13) to the second word in b, the
// first one in a and what is added to the third one in c.
#define TWO_HEAD(at, a, b, c) \
	MOVD  at(R13), c;    \
	EOR   R15, c;        \
	MUL   R20, c, c;     \
	EOR   c>>32, R22, a; \
	MUL   R21, a, b;     \
	EOR   b>>32, R23, a; \
	EOR   R14, c, c;     \
	MOVWU b, b;          \
	MOVWU c, c

// Words of four blocks side by side.
#define TWO_BLOCKS(a, b, c, d) \
	VTRN1 b.S4, a.S4, V16.S4;   \
	VTRN2 b.S4, a.S4, V17.S4;   \
	VTRN1 d.S4, c.S4, V18.S4;   \
	VTRN2 d.S4, c.S4, V19.S4;   \
	VTRN1 V18.D2, V16.D2, a.D2; \
	VTRN1 V19.D2, V17.D2, b.D2; \
	VTRN2 V18.D2, V16.D2, c.D2; \
	VTRN2 V19.D2, V17.D2, d.D2

#define TWO_ROUND \
	PAIRS_KEYS;   \
	PAIRS_ROUND_A

// func PhiloxPlanes128(a *Planes, k *PhiloxPlanes)
TEXT ·PhiloxPlanes128(SB), NOSPLIT, $0-16
	MOVD a+0(FP), R0
	MOVD k+8(FP), R1
	TWO_ARGUMENTS

node:
	CALL twoMarks<>(SB)

	// Rounds 1 to 3 as far as all planes share them.
	MOVD  $0xD2511F53, R20
	MOVD  $0xCD9E8D57, R21
	VDUP  R20, V30.S4
	VDUP  R21, V31.S4
	MUL   R21, R11, R15
	VDUP  R15, V11.S4
	LSR   $32, R15
	MOVD  224(R1), R22
	MOVD  232(R1), R23
	MOVD  240(R1), R14
	ADD   R1, R6, R13
	TWO_HEAD(160, R9, R10, R19)
	VMOV  R9, V8.S[0]
	VMOV  R10, V9.S[0]
	VMOV  R19, V10.S[0]
	TWO_HEAD(176, R9, R10, R19)
	VMOV  R9, V8.S[1]
	VMOV  R10, V9.S[1]
	VMOV  R19, V10.S[1]
	VDUP  V8.D[0], V8.D2
	VDUP  V9.D[0], V9.D2
	VDUP  V10.D[0], V10.D2
	MOVD  72(R0), R9
	MOVD  0(R7), R19
	ADD   $256, R1, R10

four: // planes in lanes 0 and 1, and the next ones in lanes 2 and 3
	VLD1.P    (R10)(R24), [V24.B16]
	VLD1.P    (R10)(R24), [V25.B16]
	VLD1.P    (R10)(R24), [V14.B16]
	VLD1.P    (R10)(R24), [V15.B16]
	VTRN1     V24.S4, V24.S4, V24.S4
	VTRN1     V25.S4, V25.S4, V25.S4
	VTRN1     V14.S4, V14.S4, V14.S4
	VTRN1     V15.S4, V15.S4, V15.S4
	VEOR      V24.B16, V11.B16, V0.B16
	VEOR      V14.B16, V11.B16, V4.B16
	UMULL(30, 0, 16)
	UMULL2(30, 0, 17)
	UMULL(30, 4, 18)
	UMULL2(30, 4, 19)
	VUZP2     V17.S4, V16.S4, V2.S4
	VUZP1     V17.S4, V16.S4, V3.S4
	VUZP2     V19.S4, V18.S4, V6.S4
	VUZP1     V19.S4, V18.S4, V7.S4
	VEOR      V10.B16, V2.B16, V2.B16
	VEOR      V10.B16, V6.B16, V6.B16
	VEOR      V8.B16, V25.B16, V0.B16
	VEOR      V8.B16, V15.B16, V4.B16
	VMOV      V9.B16, V1.B16
	VMOV      V9.B16, V5.B16
	ADD       $40, R1, R25
	ADD       $48, R1, R26
	TWO_ROUND
	TWO_ROUND
	TWO_ROUND
	TWO_ROUND
	MOVD      152(R1), R13
	CBZ       R13, drawn
	TWO_ROUND
	TWO_ROUND
	TWO_ROUND

drawn:
	TWO_BLOCKS(V0, V1, V2, V3)
	TWO_BLOCKS(V4, V5, V6, V7)
	TWO_PLANES(threshold, four, decided)

decided:
	TWO_WRITE(other, node)
	RET
