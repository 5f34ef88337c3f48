// Package ir holds the program of a sampler: everything that decides its bits,
// and nothing about how a target spells it.
//
// This page is the specification. Two samplers that follow it give the same
// states, bit for bit, whatever their language, order of evaluation, number of
// threads or word size. Package interp is its plain form.
//
// # Energy
//
// A state x assigns ±1 to every spin node, 0 … K-1 to every categorical node and a
// float32 to every continuous node. A factor is a list of rows; a row picks one
// node for each slot of the factor and contributes
//
//	-W[c1, c2, …] · s1 · s2 · … · x1^p1 · x2^p2 · …
//
// where c are the values of its categorical slots in order, s those of its spin
// slots and x those of its continuous slots, each to the slot's power 1 or 2. A
// factor without slots contributes the constants -W. H is the sum over all rows of
// all factors and p(x) ∝ exp(-βH(x)). Reported energies are βH in float64 from the
// weights as given: h starts at 0, each row adds its contribution in the order of
// factors and rows (h = h - w·Πs, the sign applied to w, which is exact; then
// multiplied by each continuous value, p times, in slot order), the rows of code
// factors add theirs in order, and β·h is returned.
//
// # Weights from parameters
//
// A formula gives the weights of some runtime factors, its parts, as functions of
// parameters: tables of float64, one for each row or one for all. The code of a part is
// a list of operations on a stack over the parameters and the states on the axes of the
// part's table, evaluated in float64, Operate of runtime/sampling being what each
// operation does. A weight is its value for the weight's row (the first, where rows share
// a table) and entry, plus 0, so that none is -0. The weight of a part without slots is
// the sum of the values for all rows, in order from 0. These weights are never set by
// themselves. Or a formula holds the parameters of a code factor (see Expressions), which
// has the same values.
//
// # Fixed point
//
// Weights become integers: w = RoundHalfEven(W · 2^F), F being
// Format.Fraction. The fields that decide an update are exact sums of them, in
// units of 2^-F:
//
//	spin:         g   = Σ w[c…]·Πs        over the rows that touch the node
//	categorical:  θ_k = Σ w[k, c…]·Πs
//
// With Format.Group = n > 1 the field of a spin all of whose rows hold spins only is
// rounded by groups of n. Its rows with other spins, in the order of factors and rows,
// are its inputs; group k is inputs kn … kn+n-1, the last one what is left, and with no
// inputs there is a group 0 all the same. S_k is a sum in float64 from left to right:
// for group 0 it begins with 0 and the weights of the rows with the spin alone, then
// come W·Πs of the inputs of the group. Then
//
//	g = Σ_k RoundHalfEven(S_k · 2^F)
//
// and the other nodes are as above.
//
// The sums hold Format.Accum bits (32 or 64): the generator has proved, for every
// state and every runtime weight up to Format.Range, that all |g| and all
// 2·|θ_k| with all their partial sums stay below 2^31, or below 2^62.
//
// # Sweep
//
// A sweep runs the superblocks in order. All nodes of one superblock read the
// state as it was when the superblock began; their new values are written
// afterwards. Clamped nodes are read and never written.
//
// A slot is the place of a node in the sweep: blocks in sweep order, each
// beginning at a multiple of 16. A block holds nodes of one kind and one number
// of states; a block of a model file that mixes kinds becomes one superblock of
// several blocks, in order of first appearance. Clamping a node changes no
// slot; its words are skipped.
//
// # Words
//
// Digits of 16 bits and words of 32 bits are functions of
// (seed, purpose, chain, sweep, slot, draw). With Philox4x32 (10 rounds, 7 for
// philox7), key = (seed mod 2^32, seed div 2^32) and counter
//
//	c0 = sweep mod 2^32
//	c1 = chain div 2  (digits)     chain  (words)
//	c2 = slot div 4
//	c3 = purpose << 24 | draw << 16 | sweep div 2^32
//
// the block's output words are o0 … o3 and
//
//	digit = half (slot & 1) of o[2·(chain & 1) + (slot >> 1 & 1)], half 0 the low one
//	word  = o[slot & 3]
//
// With ars5 the block is that of ARS with 5 rounds at the same counter: with c the
// counter as 128 bits, c0 the lowest, k the key as 64 bits, and r_i the 128 bits
// (k + i·0x9E3779B97F4A7C15, i·0xBB67AE8584CAA73B), each mod 2^64, the first one low,
//
//	v = c xor r_0,  v = MixColumns(ShiftRows(SubBytes(v))) xor r_i for i = 1 … 4,
//	o = ShiftRows(SubBytes(v)) xor r_5
//
// with the three maps of AES (FIPS 197) on bytes 0 … 15, byte 0 the lowest.
//
// The first sweep is number 0. Updates draw digits of purpose 0, initial states
// words of purpose 2 (sweep 0, draw 0, the slot of the node; a node in no block
// draws nothing because it is clamped).
//
// # Spin update
//
// Let m = |g|, c = 2β·2^-F and x = c·m, so that the less likely value has
// probability σ(-x) = 1/(1+e^x). Write u for the digit of draw 0.
//
// With Format.ThresholdBits = 32 the less likely value is taken when
//
//	u < T(m), or u = T(m) and v < R(m)
//
// where v is the digit of draw 1, R(m) = E(m) - 65536·T(m), but 65536 if it is more
// and 0 if it is less, and E(m) = floor(σ(-x)·2^32 + 1/2) is the exact 32-bit
// probability. The likely value is +1 for g >= 0 and -1 for g < 0.
//
// T is a table of N = Format.Segments segments (128 or 256) of 2^S values of m,
// each a line: D and f have 16 bits, their product and A 32.
//
//	i = m >> S,  f = floor((m mod 2^S)·2^16 / 2^S)
//	T(m) = (A[i] - (D[i]·f >> 4)) >> 16   for i < N,   T(m) = 0 for i >= N
//
// S is the smallest S >= 0 with N·2^S·c >= 11.09375 (where σ(-x)·2^16 has fallen
// below 1), at most 62. For S = 0, A[i] = (E(i) >> 16) << 16 and D[i] = 0. Else,
// with h = c·2^S, q(x) = σ(-x)·65536 and all in float64:
//
//	i = 0:  A = 2^31,  D = ceil(2^18·h)
//	i > 0:  y = q((i+1/2)·h),  d = y·(65536-y)/65536·h,  D = floor(16·d + 1/2),
//	        A = max(0, floor((y + d/2 + min(0, D/16 - d))·65536) - 1)
//
// σ(-x) is convex for x > 0, so that its tangents lie below it: T never exceeds
// the first 16 bits of the probability. (For S > 16, f is cut to 16 bits and T
// may be 1 above them where the probability is less than 0.05 units of 2^-16
// below T; R is 0 there.) Where T is these 16 bits the probability is exact,
// else R = 65536 makes up for one unit. The middle has the accuracy of the
// tangents; in the tail they lie so close that T is nearly always exact, and so are
// probabilities below 2^-16; g = 0 gives exactly one half.
//
// With ThresholdBits = b <= 16 there is no second digit: the less likely value
// is taken when u >> (16-b) < T_b(m),
//
//	T_b = T(m) for b = 16,   T_b = (T(m) + 2^(15-b)) >> (16-b) else
//
// and T is the nearest rather than the lower line: for S = 0,
// A[i] = E(i) + 32768 and D[i] = 0; else
//
//	v0 = q(i·h), v1 = q((i+1)·h), y = q((i+1/2)·h), e = ((v0+v1)/2 - y)/2
//	D = floor(16·(v0 - v1) + 1/2)
//	A = 2^31 + 32768 for i = 0,  floor((v0 - e + 1/2)·65536) else
//
// so that P is one half at g = 0 and nothing is drawn beyond the table: values less
// likely than about 2^-b are never taken.
//
// # First digits of 8 bits
//
// With Format.Digit = 8, where ThresholdBits is 32, the spins updated in integers draw no
// digits of 16 bits but a number a of 8, and a word w of purpose 8 and draw 1 where it
// does not decide. The less likely value is taken when
//
//	a < T(m) div 256,  or  a = T(m) div 256 and w div 256 < 65536·(T(m) mod 256) + R(m)
//
// with T and R as above, so that its probability is what it is with digits of 16 bits,
// (65536·T + R)/2^32. a is byte chain mod 4, byte 0 the lowest, of the output word
// o[slot mod 4] of the block at the counter
//
//	c0 = sweep mod 2^32,  c1 = chain div 4,  c2 = slot div 4,
//	c3 = 8 << 24 | sweep div 2^32
//
// One block serves 4 slots of 4 chains. Categoricals, and spins with continuous
// neighbours, draw as they do without.
//
// With ThresholdBits = 8 too, for models that hold spins updated in integers alone, a byte
// b decides and nothing is drawn behind it. With n = b mod 64 + 64·(b div 128), E(m) as above
// and bit 6 of b, b div 64 mod 2, standing for +1 if it is 1 and for -1 if not, the less likely
// value is taken when
//
//	n < T_8(m), and bit 6 stands for it,  T_8 = floor((E(m) + 2^23) / 2^24)
//
// so that its probability is T_8/256, and values less likely than 2^-9 are never taken. b
// is byte 8·(chain div 64 mod 2) + 7 - chain mod 8, byte 0 the lowest of o0, of the block at
// the counter
//
//	c0 = sweep mod 2^32,  c1 = 8·(chain div 128) + chain div 8 mod 8,  c2 = slot,
//	c3 = 9 << 24 | sweep div 2^32
//
// With N(n) the largest m for which T_8(m) > n and g the field, the value is +1 when
// g + N(n) >= 0 where bit 6 is 1, and when g - N(n) - 1 >= 0 else: a sum, which kernels make
// for many chains at once with logical operations on the bits of its numbers.
//
// # Bit planes
//
// With Format.Planes = n > 0, for models that hold spins updated in integers alone,
// ThresholdBits is n, at most 32, no digit is drawn, and the less likely value is taken
// when
//
//	u < T_n(m),  u = Σ_k 2^k·b_k,  T_n = floor((E(m) + 2^(31-n)) / 2^(32-n)),  T_32 = E
//
// with E(m) as above and b_0 … b_(n-1) the chain's bits of n planes. Plane k of 128
// chains is the block of the generator at the counter
//
//	c0 = sweep mod 2^32,  c1 = chain div 128,  c2 = slot,
//	c3 = 3 << 24 | k << 16 | sweep div 2^32
//
// and b_k is bit chain mod 32 of its output word o[chain div 32 mod 4]. So 128 chains
// are compared with their thresholds bit by bit from the highest plane down, with
// logical operations on whole words, and planes below those that tell all of them apart
// need not be drawn.
//
// # Categorical update
//
// Let d_k = max θ - θ_k and c = β·2^-F. Integers proportional to exp(-c·d_k)
// come from two tables. With B = 31 - ceil(log2 K) for K <= 32 and 31 beyond,
// n the smallest n >= 0 with 2^n·c >= (B+1)·0.6931471805599453 (at most 40) and
// r = (n+1) div 2:
//
//	L[j] = floor(exp(-c·j)·2^31 + 1/2)           0 <= j < 2^r
//	H[i] = floor(exp(-(c·2^r)·i)·2^B + 1/2)      0 <= i < 2^(n-r)
//	e(d) = (H[d >> r]·L[d mod 2^r] + 2^30) >> 31,   0 for d >= 2^n
//
// With Z = Σ e(d_k), u the digit of draw 0 and v of draw 1, the new value is the
// first k whose cumulative sum e(d_0) + … + e(d_k) exceeds
//
//	floor((65536·u + v)·Z / 2^32)               ThresholdBits = 32
//	floor((u >> (16-b))·Z / 2^b)                ThresholdBits = b <= 16
//
// (up to 79 bits before the division for K > 32, 63 for fewer states). With
// ThresholdBits = b <= 16 no second digit is drawn. A program is refused if its
// θ can differ by 2^40 or more while 2^40·c is below (B+1)·0.6931471805599453.
//
// # Noise
//
// With Format.Noise the field meets noise instead of a threshold. The bits of the
// update, D in all, are b0, b1, …; a number of some of them has the first one lowest.
// c is 2β·2^-F for spins and β·2^-F for categoricals, in logits a unit. A table has N
// cells of 2^R units, h = c·2^R logits, R the smallest R >= 0 with which N·h reaches
// 12.5 (spins, N = 256) or 15 (categoricals, N = 1024). Cell i has the mass q_i of 2^16:
//
//	spins         q_i = Q(i) - Q(i+1),  Q(i) = floor(σ(-i·h)·2^17 + 1/2),  Q(256) = 0
//	categoricals  q_i = Q(i+1) - Q(i),  Q(i) = floor(exp(-exp(3 - i·h))·2^16 + 1/2),
//	              Q(0) = 0,  Q(1024) = 2^16
//
// so that the magnitude of a spin's noise follows |logistic| and that of a category's
// a Gumbel law, both to within the width of a cell. A cell is drawn by the alias
// method from N columns of capacity 2^16/N. At first column i holds q_i and its alias
// A(i) is i. As long as an open column holds less than its capacity, let s be the
// lowest such one and g the lowest that holds more: T(s) is what s holds, A(s) = g, g
// loses what s lacks, and s is closed. T of the columns left open is 0. From 16 bits,
// the number w,
//
//	j = w mod N,  v = w div N,  cell = j if v < T(j), else A(j)
//	magnitude = cell·2^R + the R first of the Format.LowBits bits that follow
//
// Format.LowBits is the largest R of any kind in the blocks and any β of the schedule;
// a β that needs more is refused.
//
//	spin          D = 17 + LowBits. w is b0 … b15, n the magnitude; with b16 = 1, n
//	              becomes -1-n. The low bits are b17 …. +1 if g + n >= 0, else -1
//	categorical   D = K·(16 + LowBits), as much for each state in turn. The first k
//	              with the largest θ_k + n_k
//
// The less likely value of a spin has exactly the probability
// (Q(i) - (Q(i)-Q(i+1))·f/2^R)/2^17 for m = i·2^R + f.
//
// The bits are those of the digits of draws 0, 1, …, 16 each, the lowest first; or they
// come from a hardware generator.
//
// # Hardware generators
//
// Program.Stream names a generator, lfl128 or xoshiro128pp, from which updates take
// their bits in place of Philox (initial states keep their words); ThresholdBits is at
// most 16. An update has D bits: ThresholdBits for thresholds, and b0 … b(D-1) as a
// number stands for u >> (16-b) in the rules above; else as under Noise.
//
// An instance of a generator has a state r of 128 bits, bit 0 the lowest, and in each
// step gives W bits.
//
//	lfl128        W = 96. r ← (r << 96 | f) mod 2^128,
//	              f = (r>>3 ^ r>>5 ^ r>>30 ^ r>>32) mod 2^96
//	              output bit i = 16·l + k:  r[i] ^ r[P(5,3,11,7)] ^ r[P(3,1,5,3)]·r[P(5,2,7,5)],
//	              P(A,B,C,D) = 16·((A·l+B) mod 8) + (k + C·l + D) mod 16
//	xoshiro128pp  W = 32. xoshiro128++ of Blackman and Vigna, s[0] the lowest word of r
//
// The nodes of a superblock, blocks and nodes in order, take D bits each, one after the
// other, clamped or not. Bit i of a superblock is bit i mod W of instance p + i div W,
// p being the number of instances of the superblocks before. With K =
// Stream.Interleave, chain c takes in sweep s the output of index
//
//	(c div K)·(2^64 + 0x9E3779B97F4A7C15) + s·K + c mod K
//
// The output of index n is that of the state n steps behind the seed of the instance:
// the four words of the Philox4x32-10 block at the counter (instance, 0, 0, 7 << 24)
// under the key of the seed, o0 the lowest; all zeros become 1.
//
// So K chains that follow each other through a pipeline find their words in the order
// of the clock. Stream.Interleave, where the user is silent, is the number of superblocks
// times 2 for thresholds, and for noise times 1 + ceil(log2(ceil(n/4) + 1)) +
// ceil(log2 K'), n the largest number of rows of a node, K' the largest number of
// states of a categorical, 1 if there is none.
//
// The matrix of a step of xoshiro128pp has the order 2^128-1, that of lfl128 a third of
// it; tests hold both, and that no parity check of four or fewer bits exists among
// 6 outputs of lfl128's linear part.
//
// # Functions
//
// σ and exp are those of runtime/sampling (Sigma, Exp): float64, made of + - × ÷
// in a fixed order, so that every machine builds the same tables. Products that
// a compiler might fuse with a sum are rounded first. Integers become float64 by
// rounding to nearest even (this matters beyond 2^53), every product and sum
// above is one rounding, from left to right, and powers of two are exact: c = (2β)·2^-F,
// h = c·2^S, x = c·m, (i+1/2)·h, d = ((y·(65536-y))/65536)·h, (y + d/2) + min(0, D-d).
//
// # Nodes with continuous neighbours
//
// A continuous node, and any node in a row with one, is updated in float32, every
// operation rounded, no product fused with a sum but for dense forces. Its blocks are marked float;
// a spin block with float nodes and others becomes two blocks of a superblock.
//
// A term of a node is a row that touches it; terms come in the order of factors,
// rows and slots. A term's value begins with its coefficient c rounded to float32,
// c = w for spins and categoricals and -w for continuous nodes, w the weight that
// the categoricals pick, and is multiplied by the value of every other spin and
// continuous slot in slot order, by a continuous one as often as its power says.
// The terms in which nothing but the node itself stands are added first, in order
// in float64 from 0, and rounded to float32 once: the constant. To it the other
// terms are added in order.
//
//	spin         g, of all terms
//	categorical  θ_k, of all terms with the node at k (so each k has a constant)
//	continuous   b, of the terms with power 1; a, of those with power 2
//
// Spin: the less likely value, which is that against g (-1 for g >= 0), is taken when
// u < RareProbability(2β·|g|), computed in float64, u = 65536·(digit of draw 0) +
// (digit of draw 1), purpose 0.
//
// Categorical: with B as above, e_k = floor(exp(-β·d_k)·2^B + 1/2), d_k = max θ - θ_k
// in float32 and the rest in float64; Z = Σ e_k; the first k whose cumulative sum
// exceeds floor(u·Z / 2^32), u as for spins.
//
// Continuous: the conditional energy is a·x² + b·x, a > 0. Let A be a in float64: the
// constant before it is rounded if a has no other terms, else a. Then
//
//	h = -1/(2A),  s = sqrt(1/((2β)·A))   in float64, each rounded to float32
//	m = b·h,  x = m + s·z                in float32
//
// The words of an update of a continuous node at slot s in chain c, by draw, are those of
// purpose 1, chain c div 4 and slot 4s + c mod 4: one block of the generator serves four
// chains, however many nodes there are.
//
// z is a normal number: w the word of draw 0; the sign is + if its top bit is set; n are its
// other 31 bits. For n < 2^15, with v the word of draw 1, z = ±NormalQuantile(((n·2^32 +
// v) + 1/2)/2^64) rounded to float32. For other n, with f the first 24 bits of n (the others
// 0), f = 2^o·t and 1 <= t < 2, e = 3/2 for t < 3/2, else 2, and x = t - e, in float32
//
//	z = ±(((((c5·x + c4)·x + c3)·x + c2)·x + c1)·x + c0)
//
// from left to right, every product and sum rounded. The c are those of the polynomial through
// six points of NormalQuantile, rounded to float32: with
//
//	x_j = -9/1024, -75/1024, -190/1024, -322/1024, -437/1024, -503/1024
//	q_j = NormalQuantile(((e + x_j)·2^o + 2^(max(o, 23) - 24))/2^32)
//
// in float64 d_j = q_j; for k = 1 … 5 and j = 5 … k, d_j becomes (d_j - d_(j-1))/(x_j -
// x_(j-k)); then from c = 0, for j = 5 … 0, c_l becomes c_(l-1) - x_j·c_l for l = 5 … 1, and
// c_0 becomes d_j - x_j·c_0. z is within 2^-20 of NormalQuantile((n + 1/2)/2^32), and within
// 2^-21 where that is below 1; its variance is 1 + 2·10^-8.
//
// With a range [lo, hi], m and s in float64: α = (lo-m)/s, ω = (hi-m)/s, r = (w·2^32 +
// v + 1/2)/2^64 with w and v the words of draws 0 and 1. If α + ω < 0 the sides are
// exchanged (α, ω ← -ω, -α, and t ← -t at the end). With Q(t) the probability of a
// standard normal number above t,
//
//	t = the t with Q(t) = Q(α) - r·(Q(α) - Q(ω))           for α <= 37
//	t = α - log(1 - r·(1 - exp(-α·(ω-α))))/α               else
//
// x = m + s·t in float64, rounded to float32 and moved to the nearest float32
// inside the range if it is not in it. (So far out as α = 37 the tail is exponential
// to within one part in 1,300.) Q is NormalTail of runtime/sampling, its inverse
// NormalQuantile.
//
// # Expressions
//
// A code factor adds the value of an expression to the energy for each of its
// rows. Its code is a list of operations on a stack, over the values of the row's
// slots (±1, a category or a float32) and parameters; Operate of runtime/sampling
// is what each does. Energies are evaluated in float64. Updates are in float32:
// constants and parameters are rounded to it, and every operation is Operate on
// its operands, rounded (for + - × ÷ and sqrt that is the operation in float32).
//
// Each slot of the factor has code for the updates of its nodes, which are float; the
// values of their code follow the other terms, in the order of code factors, rows and
// slots.
//
//	spin         field, added to g
//	categorical  field with the slot at k, added to θ_k
//	continuous   linear and square, added to b and a; or energy and slope, see below
//
// a has other terms where there is a square; linear without square adds to b alone. A
// network's value, and its slope by an input, are operations like others.
//
// # Networks
//
// The code of a factor may hold a network of dense layers: n inputs, hidden layers, one
// number. With a the values below (the inputs at first) the neurons of a layer have
//
//	z_o = b_o + W[o,0]·a_0 + W[o,1]·a_1 + …      a_o = f(z_o), of the last layer z itself
//
// from left to right, and the slopes by the inputs go back from the last layer, whose δ is
// its weights: in each hidden layer δ_o becomes δ_o·f'(z_o), and below it
//
//	δ_i = 0 + W[0,i]·δ_0 + W[1,i]·δ_1 + …
//
// In float64 (energies) f is Activate of runtime/sampling. In float32 weights and biases
// are rounded to it, every product and sum is rounded, and with
//
//	e(x)  x moved into [-87, 87], -87 for what is no number; k = floor(x·1.44269504 + 1/2),
//	      r = (x - k·0.693359375) - k·(-2.12194440e-4);
//	      p = 1.9875691500e-4, then p·r + c for c = 1.3981999507e-3, 8.3334519073e-3,
//	      4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1; ((p·(r·r) + r) + 1)·2^k
//	s(x)  1/(1 + e(-x))
//
// (all in float32, the polynomial being that of Cephes) the activations and their slopes
// are
//
//	silu      z·s(z)                                          s·(1 + z·(1 - s)), s = s(z)
//	tanh      t = 2·s(2z) - 1                                 1 - t·t
//	relu      0 for z <= 0, else z                            0, 1
//	softplus  relu(z) + log(1 + e(-|z|)), the log in float64  s(z)
//	elu       e(z) - 1 for z <= 0, else z                     e(z), 1
//
// # Directed factors
//
// A directed code factor has code for its first slot only and adds nothing to the
// energy: with it there is no Boltzmann law. Its first node may stand in other slots
// too and has its old value there.
//
// # Continuous nodes by other samplers
//
// Blocks of slice, metropolis and mala draw from the conditional law without its
// Gaussian form. The energy of the node at x, the others as they are, and its
// derivative are
//
//	E(x) = (a·x + b)·x,  then plus the energy code of each term at x
//	D(x) = (2·a)·x + b,  then plus the slope code of each term at x
//
// in float32 with a and b as above, without code. Every chain has a step for each
// such node, a float32: σ for metropolis and mala, the width d for slice. It begins
// at 1, or at half the width of the range if that is less (in float64, rounded). w0 …
// are the words of draws 0 …, (w+½)/2^32 a uniform number, and z is the
// normal number of draws 0 and 1.
//
// Metropolis: x' = x + σ·z. With Δ = E(x') - E(x) in float32, α is 0 if x' is outside
// the range, not finite, or Δ is NaN; else 1 for Δ <= 0, else exp(-(β·Δ)) in float64.
// x' is taken when (w2+½)/2^32 < α.
//
// MALA: k = ((σ·σ)·β)/2 in float64, rounded; m = x - k·D(x), x' = m + σ·z, m' = x' -
// k·D(x') in float32. With u = x - m' and v = x' - m in float32, the rest in float64,
//
//	l = -(β·Δ) - (u·u - v·v)/(2·(σ·σ)),  α = 1 for l >= 0, else exp(l)
//
// and 0 in the cases above or where l is NaN; taken as above.
//
// Slice (Neal 2003, stepping out and shrinkage): an x' is inside when E(x') <= T, T =
// E(x) + float32(-log((w0+½)/2^32)/β). L = x - float32(d·(w1+½)/2^32), R = L + d, J =
// w2 div 2^26 and K = 63 - J. While J > 0, L is above the range's lower end and
// inside, J falls by one and L by d; the same for R with K, upwards. L and R are
// moved into the range. Then for i = 0 … 99: x' = L + float32((R-L)·(w_{3+i}+½)/2^32)
// (the product with the uniform number in float64), moved into the range; if it is
// inside it is the new value; else it becomes the new L if x' < x, the new R if not.
// After 100 of them x stays.
//
// In sweeps before the end of warm-up, t counted from 0, the step becomes
// step·exp(c·r) in float64, rounded, and at least 2^-60 and at most 2^60; c =
// 1/sqrt(t+1) and r = α - 0.44 for metropolis, α - 0.574 for
// mala; for slice (n-m)/(n+m), n the times that L and R moved outwards and m the values
// that were not inside, nothing where both are 0. Steps then stay.
//
// # Joint moves
//
// A block with a joint move is the last superblock, alone, and may hold neighbours. Its
// free nodes move together: x is their state before, D(x) the slopes at it, z their
// normal numbers of draws 0 and 1; ε is the step size and noise the noise
// scale of the sweep. What follows is in float32 for each node, factors in front rounded
// from float64. e = ε/sqrt(M) in float64 for a node of mass M, 1 without.
//
//	langevin     x' = (x - (ε·β)·D(x)) + sqrt((2ε)·noise)·z
//	mala         m = x - (ε·β)·D(x), s = sqrt(2ε), x' = m + s·z, m' = x' - (ε·β)·D(x'),
//	             K = Σ ((x-m')² - (x'-m)²) / (2·(s·s)) in float64
//	hmc          p = z; as often as steps says: p -= (e·β/2)·D(x), x += e·p, p -= (e·β/2)·D(x);
//	             K = (-p² of each node at the start, in order, then +p² at the end) / 2 in float64
//	underdamped  p -= (e·β/2)·D(x), x += (e/2)·p, p = c·p + sqrt((1-c·c)·noise)·z, x += (e/2)·p,
//	             p -= (e·β/2)·D(x), with c = exp(-(friction·ε)) in float64, rounded where p
//	             is multiplied by it, and e/2 half of e as float32
//	gradient     x' = x - (ε·β)·D(x)
//	nesterov     p = momentum·p, x' = x + (p = p - (ε·β)·D(x + p))
//
// The p of underdamped and nesterov are kept from sweep to sweep, of each node and
// chain, and are 0 at the start; with M in e they have the variance noise at rest. Where
// some x' or p of the moves without a Metropolis test is not finite, all x and p of the
// chain stay, and the run ends with an error.
//
// mala and hmc take x' when (w+½)/2^32 < α, w the word of draw 2 of the
// block's first slot; α = exp(min(0, -β·(H(x')-H(x)) - K)) with H as reported energies
// have it, 0 where that or some x' is not finite.
//
// A rate gives ε and noise in sweep t, counted from 0, in float64 from left to right.
// With a rise of r sweeps it is v0·(0.01 + 0.99·t/r) for t < r, v0 being its first
// number, and from then on t counts from sweep r.
//
//	constant     v0
//	linear       v0 + (v1-v0)·t/n for t < n, then v1
//	cosine       v1 + (v0-v1)/2·(1 + cos(π·t/n)) for t < n, then v1
//	exponential  max(least, v0·exp(t·log(factor)))
//	multi_step   v0·factor·factor…, once for each sweep of the list up to t
//
// With adapt = δ each chain of mala or hmc fits its step by dual averaging (Hoffman and
// Gelman 2014, with γ = 0.05, t0 = 10, κ = 3/4). It keeps three float32: ε, which serves
// in warm-up, ε̄, which serves after it, both step_size at first, and H, at first 0. After
// the move of warm-up sweep t-1, in float64, each number rounded when it is made,
//
//	H = (1 - 1/(t+10))·H + 1/(t+10)·(δ-α)
//	ε = exp(log(10·step_size) - sqrt(t)/0.05·H)
//	ε̄ = exp(w·log ε + (1-w)·log ε̄),  w = 1/(sqrt(t)·sqrt(sqrt(t)))
//
// ε and ε̄ are at least 2^-60 and at most 2^60.
//
// # Dense forces
//
// The block of a joint move is dense if it has n >= 16 nodes, if every row in which one of
// them stands with power 2 holds nothing else, and if at least n·(n-1)/4 rows are pairs:
// rows of two slots, both continuous of power 1, with two nodes of the block. (Clamps and
// weights change nothing of this.) The D(x) above, which every joint move follows, is then
// a row of a matrix M times the state, in which products and sums are fused: fma(u, v, w) is
// u·v + w rounded once, to the nearest float32, ties to even, subnormal numbers being
// numbers (vfmadd of x86, __fmaf_rn of CUDA).
//
// With the nodes in the order of their slots, x_j the value of the j-th and all in float32,
// M_ij is the sum in float64, from 0 and in the order of terms of node i, of -w of the
// pairs that hold i and j, w their weight, rounded; M_ii = 2·a. Terms and constants are as
// above, pairs left out:
//
//	D = b,  then for j = 0 … n-1  D = fma(M_ij, x_j, D),  then plus the slope code of each term
//
// Entries of nodes that no pair joins are 0 and take part. Fewer pairs are no matrix: the
// rows are added one by one, rounded twice, as elsewhere.
//
// # Code of the user's
//
// A block may name a sampler in Go. Its nodes are updated by that code, one chain
// after another, which sees the node, its old value and neighbours, the numbers of
// its own that the sampler keeps for the node and chain, β, and the conditional in
// float64 from the weights as given:
//
//	spin         γ = β·Σ t                     of all terms
//	categorical  θ_k = β·Σ t                   of all terms with the node at k
//	continuous   B = β·Σ t and A = β·Σ t       of the terms with power 1 and with power 2
//
// where t begins with w (with -w for continuous nodes) and is multiplied by the value
// of every other spin and continuous slot in slot order, p times of power p; the
// sums begin at 0. The fields of code factors, in float64, follow in the sums of
// spins and categoricals; of a continuous node the code sees their energy and slope
// at any x in the same way. Its random words are those of purpose 5 with draws 0, 1, … in the
// order in which it takes them, at most 256 in one update. What it gives is ±1, a
// category, or a number that is rounded to float32.
//
// A variable may be started by code, node by node: words of purpose 2, the sweep
// number of the start and draws 0 … 127. After all starts, and before clamps, the
// numbers of a sampler are zeros and then what its code makes them: for every node
// in its blocks, clamped or not, with the node's words of purpose 2 and draws
// 128 … 255.
//
// With the w and v of two draws, one behind the other, a uniform number is
// (floor((w·2^32 + v)/2^12) + 1/2)/2^52; a normal one is NormalQuantile(((w mod
// 2^31)·2^32 + v + 1/2)/2^64), with a minus if w < 2^31.
//
// # Error bound
//
// Rounding n weights moves γ by at most n·β·2^-(F+1) and a conditional
// probability by at most half of that; for a categorical, the same. A table line
// is off by at most h²/8·max|σ”| + 2^-20, max|σ”| = 1/(6√3), with
// ThresholdBits = 32 (nothing but 2^-32 for S = 0), and by at most half the first
// term + 5/8·2^-16 with fewer (2^-17 for S = 0), to which rounding to b bits adds 2^-(b+1)
// (b < 16) and a dropped tail 2^-16; with n planes it is 2^-(n+1) + 2^-33, and with single bytes that of n = 8. Categorical tables are off by at most 1.5·K·2^-B, and
// drawing from b bits by 2^-b. With noise a spin's table is off by at most h²/8·max|σ”|
// + 2^-18 (the second alone for R = 0), a categorical's by K·(h²/8·0.3091 + 2^-17) (0.3091
// being more than the steepest slope of the Gumbel density) and, because equal sums
// go to the first, by (K-1)·(c/(2e) + 2^-(17+R)). Format.Bound is the largest sum of these over all nodes in
// blocks (clamped or not) and all β of the schedule, n being the number of rows
// that touch the node, or of its groups; at most 1.
//
// # Initial states
//
// With w the word of the node: a random spin is +1 when w < 2^31, a random
// categorical is floor(w·K / 2^32). Hinton's start makes a spin +1 when
// w < floor(σ(β·b)·2^32 + 1/2), b being the sum in float64 of the weights of the
// one-slot factors on it, in order, and β the first of Betas where there are
// any; categoricals are random. Zeros are spin -1 and category 0. A continuous node starts
// at mean + sd·z in float64, rounded, z the normal number of the node's words of draws 0
// and 1; with a range at the number of that law inside it, as updates draw one.
//
// # Schedule
//
// With n_warmup, n_samples and steps_per_sample, the first observation comes
// right after n_warmup sweeps and each further one after steps_per_sample more.
// With Betas, warm-up sweep t uses Betas[t] and draws use the last. A resumed
// run continues the sweep number, skips warm-up and observes first after
// steps_per_sample sweeps. Sweep numbers stay below 2^48.
//
// # An update, number by number
//
// Three spins s[0] … s[2] at β = 1 with rows s[0]·s[1] of weight 0.7, s[1]·s[2] of
// weight -0.3 and s[1] of weight 0.2, blocks {s[0], s[2]} and {s[1]}. The default
// format is F = 12, 256 segments, 32 threshold bits:
//
//	weights    2867, -1229, 819
//	slots      s[0] 0, s[2] 1, s[1] 16
//	c          0.00048828125
//	S          7
//	h          0.0625
//
// s[1] is to be updated in chain 1 in sweep 67470 under seed 1 (a sweep that was
// looked for: its first digit is a tie), while s[0] = -1 and s[2] = -1:
//
//	g          -2867 + 1229 + 819 = -819
//	m, x       819, 0.39990234375
//	i, f       6, 26112
//	A, D       1749384422, 15726
//	T          (1749384422 - (15726·26112 >> 4)) >> 16 = 26301
//	E          1723724149
//	R          1723724149 - 65536·26301 = 61813
//	P          (65536·26301 + 61813) / 2^32 = 0.4013358030933887
//	key        1, 0
//	counter    67470, 0, 4, 0
//	o          1006772814, 2585304574, 4126303933, 3085569717
//	u          low half of o[2] = 26301
//	counter    67470, 0, 4, 65536
//	o          3079962334, 2617150953, 1828590824, 2508660863
//	v          low half of o[2] = 5352
//
// u = T and v < R: s[1] takes the less likely value. g < 0, so that is +1.
// (1/(1+exp(0.4)) = 0.40131…)
package ir
