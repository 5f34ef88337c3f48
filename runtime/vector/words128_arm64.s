//go:build !purego

#include "textflag.h"

// ARS-5 with a block in a register, eight at a time. AESE adds its key before it replaces
// bytes, AESENC of amd64 adds the next one behind: so that the first key is here AESE's,
// and the last one is added apart.

#define ARS_ROUND(key) \
	AESE  key.B16, V0.B16; \
	AESMC V0.B16, V0.B16;  \
	AESE  key.B16, V1.B16; \
	AESMC V1.B16, V1.B16;  \
	AESE  key.B16, V2.B16; \
	AESMC V2.B16, V2.B16;  \
	AESE  key.B16, V3.B16; \
	AESMC V3.B16, V3.B16;  \
	AESE  key.B16, V4.B16; \
	AESMC V4.B16, V4.B16;  \
	AESE  key.B16, V5.B16; \
	AESMC V5.B16, V5.B16;  \
	AESE  key.B16, V6.B16; \
	AESMC V6.B16, V6.B16;  \
	AESE  key.B16, V7.B16; \
	AESMC V7.B16, V7.B16

#define ARS_LAST(key, last, v) \
	AESE key.B16, v.B16;         \
	VEOR last.B16, v.B16, v.B16

// From R0 and R1 the keys in V16 … V21, the counter of the first pair in V22, and one more pair
// in V23.
#define ARS_ARGUMENTS \
	VLD1  (R0), [V22.B16];                              \
	ADD   $16, R0;                                      \
	VLD1.P 64(R0), [V16.B16, V17.B16, V18.B16, V19.B16]; \
	VLD1  (R0), [V20.B16, V21.B16];                     \
	LSL   $32, R1;                                      \
	VEOR  V23.B16, V23.B16, V23.B16;                    \
	VMOV  R1, V23.D[0];                                 \
	VADD  V23.S4, V22.S4, V22.S4;                       \
	MOVD  $(1<<32), R1;                                 \
	VMOV  R1, V23.D[0]

// The next eight blocks.
#define ARS_EIGHT \
	VMOV V22.B16, V0.B16;        \
	VADD V23.S4, V0.S4, V1.S4;   \
	VADD V23.S4, V1.S4, V2.S4;   \
	VADD V23.S4, V2.S4, V3.S4;   \
	VADD V23.S4, V3.S4, V4.S4;   \
	VADD V23.S4, V4.S4, V5.S4;   \
	VADD V23.S4, V5.S4, V6.S4;   \
	VADD V23.S4, V6.S4, V7.S4;   \
	VADD V23.S4, V7.S4, V22.S4;  \
	ARS_ROUND(V16);              \
	ARS_ROUND(V17);              \
	ARS_ROUND(V18);              \
	ARS_ROUND(V19);              \
	ARS_LAST(V20, V21, V0);      \
	ARS_LAST(V20, V21, V1);      \
	ARS_LAST(V20, V21, V2);      \
	ARS_LAST(V20, V21, V3);      \
	ARS_LAST(V20, V21, V4);      \
	ARS_LAST(V20, V21, V5);      \
	ARS_LAST(V20, V21, V6);      \
	ARS_LAST(V20, V21, V7)

// func ArsWords128(k *Ars, first uint32, words *[2][64]uint32)
TEXT ·ArsWords128(SB), NOSPLIT, $0-24
	MOVD  k+0(FP), R0
	MOVWU first+8(FP), R1
	MOVD  words+16(FP), R2
	ARS_ARGUMENTS
	ADD   $256, R2, R3
	MOVD  $4, R4

loop:
	ARS_EIGHT
	VUZP1  V1.S4, V0.S4, V24.S4
	VUZP1  V3.S4, V2.S4, V25.S4
	VUZP1  V5.S4, V4.S4, V26.S4
	VUZP1  V7.S4, V6.S4, V27.S4
	VUZP2  V1.S4, V0.S4, V28.S4
	VUZP2  V3.S4, V2.S4, V29.S4
	VUZP2  V5.S4, V4.S4, V30.S4
	VUZP2  V7.S4, V6.S4, V31.S4
	VST1.P [V24.S4, V25.S4, V26.S4, V27.S4], 64(R2)
	VST1.P [V28.S4, V29.S4, V30.S4, V31.S4], 64(R3)
	SUB    $1, R4
	CBNZ   R4, loop
	RET

// func ArsNumbers128(k *Ars, first uint32, words *[64]uint32)
TEXT ·ArsNumbers128(SB), NOSPLIT, $0-24
	MOVD  k+0(FP), R0
	MOVWU first+8(FP), R1
	MOVD  words+16(FP), R2
	ARS_ARGUMENTS
	MOVD  $2, R4

loop:
	ARS_EIGHT
	VST1.P [V0.S4, V1.S4, V2.S4, V3.S4], 64(R2)
	VST1.P [V4.S4, V5.S4, V6.S4, V7.S4], 64(R2)
	SUB    $1, R4
	CBNZ   R4, loop
	RET

// The eight digits of rows a … h by columns, to R1.
#define DIGITS_COLUMNS(a, b, c, d, e, f, g, h) \
	VTRN1  b.H8, a.H8, V24.H8;                       \
	VTRN2  b.H8, a.H8, V25.H8;                       \
	VTRN1  d.H8, c.H8, V26.H8;                       \
	VTRN2  d.H8, c.H8, V27.H8;                       \
	VTRN1  f.H8, e.H8, V28.H8;                       \
	VTRN2  f.H8, e.H8, V29.H8;                       \
	VTRN1  h.H8, g.H8, V30.H8;                       \
	VTRN2  h.H8, g.H8, V31.H8;                       \
	VTRN1  V26.S4, V24.S4, a.S4;                     \
	VTRN2  V26.S4, V24.S4, c.S4;                     \
	VTRN1  V27.S4, V25.S4, b.S4;                     \
	VTRN2  V27.S4, V25.S4, d.S4;                     \
	VTRN1  V30.S4, V28.S4, e.S4;                     \
	VTRN2  V30.S4, V28.S4, g.S4;                     \
	VTRN1  V31.S4, V29.S4, f.S4;                     \
	VTRN2  V31.S4, V29.S4, h.S4;                     \
	VTRN1  e.D2, a.D2, V24.D2;                       \
	VTRN1  f.D2, b.D2, V25.D2;                       \
	VTRN1  g.D2, c.D2, V26.D2;                       \
	VTRN1  h.D2, d.D2, V27.D2;                       \
	VTRN2  e.D2, a.D2, V28.D2;                       \
	VTRN2  f.D2, b.D2, V29.D2;                       \
	VTRN2  g.D2, c.D2, V30.D2;                       \
	VTRN2  h.D2, d.D2, V31.D2;                       \
	VST1.P [V24.H8, V25.H8, V26.H8, V27.H8], 64(R1); \
	VST1.P [V28.H8, V29.H8, V30.H8, V31.H8], 64(R1)

// func Digits128(words *[2][64]uint32, digits *[4][64]uint16)
TEXT ·Digits128(SB), NOSPLIT, $0-16
	MOVD words+0(FP), R0
	MOVD digits+8(FP), R1
	MOVD $2, R2

loop:
	VLD1.P 64(R0), [V0.H8, V1.H8, V2.H8, V3.H8]
	VLD1.P 64(R0), [V4.H8, V5.H8, V6.H8, V7.H8]
	VLD1.P 64(R0), [V8.H8, V9.H8, V10.H8, V11.H8]
	VLD1.P 64(R0), [V12.H8, V13.H8, V14.H8, V15.H8]
	VUZP1  V1.H8, V0.H8, V16.H8
	VUZP1  V3.H8, V2.H8, V17.H8
	VUZP1  V5.H8, V4.H8, V18.H8
	VUZP1  V7.H8, V6.H8, V19.H8
	VUZP1  V9.H8, V8.H8, V20.H8
	VUZP1  V11.H8, V10.H8, V21.H8
	VUZP1  V13.H8, V12.H8, V22.H8
	VUZP1  V15.H8, V14.H8, V23.H8
	DIGITS_COLUMNS(V16, V17, V18, V19, V20, V21, V22, V23)
	VUZP2  V1.H8, V0.H8, V0.H8
	VUZP2  V3.H8, V2.H8, V1.H8
	VUZP2  V5.H8, V4.H8, V2.H8
	VUZP2  V7.H8, V6.H8, V3.H8
	VUZP2  V9.H8, V8.H8, V4.H8
	VUZP2  V11.H8, V10.H8, V5.H8
	VUZP2  V13.H8, V12.H8, V6.H8
	VUZP2  V15.H8, V14.H8, V7.H8
	DIGITS_COLUMNS(V0, V1, V2, V3, V4, V5, V6, V7)
	SUB    $1, R2
	CBNZ   R2, loop
	RET
