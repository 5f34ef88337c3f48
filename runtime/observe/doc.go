// Package observe records what a run shows: states, energies, the best state,
// moments, series for convergence figures, progress; and it writes them down, as
// a result file, as a state to continue from, and as the summary `thrmlgen run`
// prints.
//
// A Collector does it all. It is made for an engine's chains (a ChainView, which
// *sampling.Sampler is) and a Plan that says what is wanted; Run runs the sampler,
// then Report gives the summary, WriteResultFile the .npz and SaveState the state:
//
//	c, err := observe.NewCollector(sampler, schedule, observe.Plan{States: true, Energy: true})
//	defer c.Close()
//	err = c.Run(ctx, sampler, false)
//	c.Report().WriteText(os.Stdout)
//	err = c.WriteResultFile(ctx, "samples.npz")
//
// Another engine implements ChainView (ChainStates does it for plain slices) and
// calls Drive, ObserveSweep and Observe from its own loop.
//
// At a draw every watcher is given the same Frame, the state and the energies of
// all chains, which are fetched from the engine once and only if somebody asks.
// Spins stay packed, 64 chains a word, so that most watchers are popcounts and
// carry-save additions.
//
// Memory does not grow with the number of draws, save for the scalar series that
// quantiles and ranks need: 8 bytes for the energy and for each continuous variable,
// 4 bytes for each spin variable and for each state of each categorical variable, a
// chain and draw. States go to a temporary file beyond a budget.
//
//	view.go        ChainView, ChainStates
//	frame.go       Frame: one draw of all chains
//	snapshot.go    one state of every chain, as arrays
//	transpose.go   packed bits turned round
//	states.go      all states of chosen nodes; drawlog.go holds them
//	energy.go      energies
//	best.go        lowest energy and its state (beststate.go); weigh.go: energies in
//	               a hurry
//	series.go      magnetisation, shares, scalars of the user
//	user.go        observers in Go, and what they and samplers keep in state files
//	nodes.go       R-hat and ESS of every node
//	moments.go     means of nodes and factor rows
//	rowmeans.go    means of an expression in every row
//	histogram.go   how often nodes have each value
//	progress.go    how far a run is
//	collector.go   all of them together
//	tally.go       what an engine counts in their place
//	meta.go        what a result says of its origin
//	result.go      the .npz; wholefile.go: files that are whole or not there
//	zarr.go        the same arrays as a folder for ArviZ; zarrstore.go: its format
//	sequence.go    the same arrays through a pipe
//	saved.go       state files
//	report.go      the summary; table.go, verdict.go: as text
package observe
