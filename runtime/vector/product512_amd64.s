//go:build !purego

#include "textflag.h"

// Products of rows of float32 in float64, 64 chains at a time, in AVX-512.

// One row at DI + AX into the product in Z0 … Z7.
#define PRODUCT_EIGHT(at, z) \
	VCVTPS2PD at(DI)(AX*1), Z16; \
	VMULPD    Z16, z, z

#define PRODUCT_ROW \
	MOVLQSX (R8), AX;      \
	ADDQ    $4, R8;        \
	PRODUCT_EIGHT(0, Z0);   \
	PRODUCT_EIGHT(32, Z1);  \
	PRODUCT_EIGHT(64, Z2);  \
	PRODUCT_EIGHT(96, Z3);  \
	PRODUCT_EIGHT(128, Z4); \
	PRODUCT_EIGHT(160, Z5); \
	PRODUCT_EIGHT(192, Z6); \
	PRODUCT_EIGHT(224, Z7)

// A number to all chains of the product.
#define PRODUCT_START(x) \
	VBROADCASTSD x, Z0; \
	VMOVAPD      Z0, Z1; \
	VMOVAPD      Z0, Z2; \
	VMOVAPD      Z0, Z3; \
	VMOVAPD      Z0, Z4; \
	VMOVAPD      Z0, Z5; \
	VMOVAPD      Z0, Z6; \
	VMOVAPD      Z0, Z7

// func SubtractProducts512(sum *[64]float64, state *float32, weights *float64, stride int, at *int32, rows, k int)
TEXT ·SubtractProducts512(SB), NOSPLIT, $0-56
	MOVQ    sum+0(FP), DX
	MOVQ    state+8(FP), DI
	MOVQ    weights+16(FP), SI
	MOVQ    stride+24(FP), R9
	MOVQ    at+32(FP), R8
	MOVQ    rows+40(FP), CX
	VMOVUPD 0(DX), Z8
	VMOVUPD 64(DX), Z9
	VMOVUPD 128(DX), Z10
	VMOVUPD 192(DX), Z11
	VMOVUPD 256(DX), Z12
	VMOVUPD 320(DX), Z13
	VMOVUPD 384(DX), Z14
	VMOVUPD 448(DX), Z15

row:
	PRODUCT_START((SI))
	ADDQ  R9, SI
	MOVQ  k+48(FP), BX
	TESTQ BX, BX
	JEQ   done

slot:
	PRODUCT_ROW
	DECQ BX
	JNE  slot

done:
	VSUBPD  Z0, Z8, Z8
	VSUBPD  Z1, Z9, Z9
	VSUBPD  Z2, Z10, Z10
	VSUBPD  Z3, Z11, Z11
	VSUBPD  Z4, Z12, Z12
	VSUBPD  Z5, Z13, Z13
	VSUBPD  Z6, Z14, Z14
	VSUBPD  Z7, Z15, Z15
	DECQ    CX
	JNE     row
	VMOVUPD Z8, 0(DX)
	VMOVUPD Z9, 64(DX)
	VMOVUPD Z10, 128(DX)
	VMOVUPD Z11, 192(DX)
	VMOVUPD Z12, 256(DX)
	VMOVUPD Z13, 320(DX)
	VMOVUPD Z14, 384(DX)
	VMOVUPD Z15, 448(DX)
	VZEROUPPER
	RET

DATA productOne<>+0(SB)/8, $0x3ff0000000000000
GLOBL productOne<>(SB), RODATA|NOPTR, $8

// func Product512(out *[64]float64, state *float32, at *int32, k int)
TEXT ·Product512(SB), NOSPLIT, $0-32
	MOVQ out+0(FP), DX
	MOVQ state+8(FP), DI
	MOVQ at+16(FP), R8
	MOVQ k+24(FP), BX
	PRODUCT_START(productOne<>(SB))

slot:
	PRODUCT_ROW
	DECQ    BX
	JNE     slot
	VMOVUPD Z0, 0(DX)
	VMOVUPD Z1, 64(DX)
	VMOVUPD Z2, 128(DX)
	VMOVUPD Z3, 192(DX)
	VMOVUPD Z4, 256(DX)
	VMOVUPD Z5, 320(DX)
	VMOVUPD Z6, 384(DX)
	VMOVUPD Z7, 448(DX)
	VZEROUPPER
	RET
