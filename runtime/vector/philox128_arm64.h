// Macros that the NEON files share. V30 and V31 hold the multipliers of Philox4x32. The Go
// assembler lacks the products, which are given as words.

// Of registers by number: umull vd.2d, vn.2s, vm.2s and umull2 vd.2d, vn.4s, vm.4s.
#define UMULL(m, n, d)  WORD $(0x2ea0c000 | m<<16 | n<<5 | d)
#define UMULL2(m, n, d) WORD $(0x6ea0c000 | m<<16 | n<<5 | d)

// The next keys, of 64 bits each of which 32 are 0.
#define PAIRS_KEYS \
	VLD1R (R25), [V24.S4]; \
	VLD1R (R26), [V25.S4]; \
	ADD   $16, R25;        \
	ADD   $16, R26

// A round of the sets V0 … V3 and V4 … V7, and one of V8 … V11 and V12 … V15.
#define PAIRS_ROUND_A \
	UMULL(30, 0, 16);              \
	UMULL2(30, 0, 17);             \
	UMULL(31, 2, 18);              \
	UMULL2(31, 2, 19);             \
	UMULL(30, 4, 20);              \
	UMULL2(30, 4, 21);             \
	UMULL(31, 6, 22);              \
	UMULL2(31, 6, 23);             \
	VEOR  V24.B16, V1.B16, V1.B16; \
	VEOR  V25.B16, V3.B16, V3.B16; \
	VEOR  V24.B16, V5.B16, V5.B16; \
	VEOR  V25.B16, V7.B16, V7.B16; \
	VUZP2 V19.S4, V18.S4, V0.S4;   \
	VUZP2 V17.S4, V16.S4, V2.S4;   \
	VUZP2 V23.S4, V22.S4, V4.S4;   \
	VUZP2 V21.S4, V20.S4, V6.S4;   \
	VEOR  V1.B16, V0.B16, V0.B16;  \
	VEOR  V3.B16, V2.B16, V2.B16;  \
	VUZP1 V19.S4, V18.S4, V1.S4;   \
	VUZP1 V17.S4, V16.S4, V3.S4;   \
	VEOR  V5.B16, V4.B16, V4.B16;  \
	VEOR  V7.B16, V6.B16, V6.B16;  \
	VUZP1 V23.S4, V22.S4, V5.S4;   \
	VUZP1 V21.S4, V20.S4, V7.S4

#define PAIRS_ROUND_B \
	UMULL(30, 8, 16);                \
	UMULL2(30, 8, 17);               \
	UMULL(31, 10, 18);               \
	UMULL2(31, 10, 19);              \
	UMULL(30, 12, 20);               \
	UMULL2(30, 12, 21);              \
	UMULL(31, 14, 22);               \
	UMULL2(31, 14, 23);              \
	VEOR  V24.B16, V9.B16, V9.B16;   \
	VEOR  V25.B16, V11.B16, V11.B16; \
	VEOR  V24.B16, V13.B16, V13.B16; \
	VEOR  V25.B16, V15.B16, V15.B16; \
	VUZP2 V19.S4, V18.S4, V8.S4;     \
	VUZP2 V17.S4, V16.S4, V10.S4;    \
	VUZP2 V23.S4, V22.S4, V12.S4;    \
	VUZP2 V21.S4, V20.S4, V14.S4;    \
	VEOR  V9.B16, V8.B16, V8.B16;    \
	VEOR  V11.B16, V10.B16, V10.B16; \
	VUZP1 V19.S4, V18.S4, V9.S4;     \
	VUZP1 V17.S4, V16.S4, V11.S4;    \
	VEOR  V13.B16, V12.B16, V12.B16; \
	VEOR  V15.B16, V14.B16, V14.B16; \
	VUZP1 V23.S4, V22.S4, V13.S4;    \
	VUZP1 V21.S4, V20.S4, V15.S4
