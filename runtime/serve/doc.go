// Package serve is how other programs use a sampler: it carries out commands that
// come through a pipe, one after the other, in a process that stays. Behind it are
// `BIN --serve` of a binary made by `thrmlgen build`, with emitted code, and
// `thrmlgen run MODEL --serve`, with the engine linked into thrmlgen. The first
// command compiles the model; those that follow with as many chains and threads
// only put the sampler back, so that a short run takes well under a millisecond.
//
// # The protocol, version 1
//
// Standard input brings commands, standard output replies; standard error has text
// for people only.
//
// A command is one line of JSON (an object, UTF-8, at most 1 MiB, ended by \n) and
// then the .npy files that its key "arrays" names, back to back in that order: the
// header of an .npy file says where it ends. A reply is the same. There is one
// reply a command, in the order of commands. Blank lines are passed over. Unknown
// keys in commands are errors; replies may gain keys.
//
//	→ {"cmd":"run","chains":2,"samples":3,"arrays":["weights/coupling"]}\n «.npy»
//	← {"ok":true,…,"arrays":["s","energy","final/s"]}\n «.npy» «.npy» «.npy»
//	→ {"cmd":"quit"}\n
//	← {"ok":true}\n
//
// The process ends with 0 after quit or when its input ends between two commands.
//
// # Errors
//
// A command that is refused is answered by
//
//	{"ok":false,"error":{"code":"weights-shape","exit":3,"text":"…","help":"…"}}
//
// Its arrays have been read, nothing has changed, and the session goes on. code is
// a word for programs; exit is the exit code the problem would have on the command
// line: 2 the command cannot be used, 3 the data does not suit the model, 4 a file
// or pipe failed, 5 a stated limit is passed, 70 a bug, 130 interrupted.
//
// Where the next command would begin is not known after a line that is no JSON
// object or too long, "arrays" that is no list of names, a broken .npy header, or an
// input that ends inside a command. The reply then has "closed":true beside
// "error", and the process ends with error.exit. It ends with 4, without a reply,
// when standard output fails.
//
// SIGINT while a command is at work stops it between two sweeps. Its reply is an
// error with code interrupted; the session goes on, and a run with resume goes on
// where this one stopped. Between commands SIGINT means nothing, unless standard
// input is a terminal: then it ends the process with 130. SIGTERM ends it with 143
// at any time.
//
// # info
//
// Takes nothing. Gives protocol (1), model, hash, generator, target (what samples),
// nodes, variables: [{name, kind: "spin", "categorical" or "continuous", states (0
// for continuous ones), shape, range (of a continuous one that has one)}], factors: [{name, rows, shape (of its weights), runtime}], beta, annealed (the
// model has betas), sample: {chains, warmup, samples, steps_per_sample, seed},
// observe, max_probability_error, threads, memory (bytes a command may take).
//
// # run
//
// All keys are optional; what is not said is as in the model.
//
//	chains, warmup, samples, steps_per_sample, seed
//	threads      of this command; changes no sample
//	beta         in place of the model's, and of any annealing
//	betas        [β of each warm-up sweep]; draws are at the last. warmup is their
//	             number. Not with beta or resume
//	resume       true: go on with the chains of the last run at the next sweep
//	             number, and counting on in its histograms. There is no warm-up (warmup is not looked at), the first
//	             draw comes after steps_per_sample sweeps; chains and seed are those
//	             of the last run
//	observe      list of state, energy, best, moments, magnetisation: what the
//	             arrays hold beside the final states. state is that of the nodes
//	             that the model observes, all if it names none
//	summary      false: none is made, which saves its time
//	arrays       weights/FACTOR, weights/FACTOR/PARAMETER, clamp/VARIABLE,
//	             mask/VARIABLE, state/VARIABLE
//
// weights/FACTOR replaces the weights of a runtime factor and has their shape (see
// info), weights/FACTOR/PARAMETER a parameter of an energy. clamp/VARIABLE fixes a variable to values of its shape, or of this shape
// behind an axis over chains; with mask/VARIABLE, booleans in the shape of the
// variable, only the nodes where it is true. state/VARIABLE is the initial state,
// in the same two shapes; in a run with resume it replaces the present one.
// Element types do not matter as long as the values are exact: spins are -1 and 1,
// weights finite; continuous values are rounded to float32.
//
// Weights, β and clamps hold for the run that brings them and for those with resume
// that follow, which may replace each of them. A run without resume begins again
// with the model's.
//
// Gives seconds, flips, sweeps (done by this run), sweep (number of sweeps in all),
// beta (of the draws), summary (the object of `thrmlgen run --json`, or null), meta
// (the member meta of a result file) and the arrays of a result file: NAME (chain,
// draw, *shape) for each variable, energy, best/…, moments/…, histogram/…,
// final/NAME (chain, *shape). They are those that `thrmlgen run --out` writes, byte for byte.
//
// # energy
//
// Takes arrays: state/VARIABLE for every variable, in the variable's shape behind
// any axes, the same for all. Gives the array energy: βH in float64, in the shape
// of those axes, at the weights and β of the last run (before the first one, the
// model's).
//
// # quit
//
// Ends the session.
//
// # Files
//
//	session.go   ServePipe: commands and replies
//	command.go   reading a command and its arrays
//	data.go      RunData: weights, β, clamps and starts, checked against a model
//	limits.go    memory and threads
//	summary.go   the summary of a run
//	refusal.go   errors, with the nearest known word
package serve
