package diag

// The codes of problems that package graph finds when it resolves names, files
// and shapes.
const (
	NotSupported = "not-supported" // in the grammar, but not in this version
	UnknownName  = "unknown-name"  // a graph, variable or group that is not declared

	// Files.
	FileUnreadable = "file-unreadable" // missing, not regular, not readable, or outside the folder
	BadFile        = "bad-file"        // a file whose contents are not what is due

	// Graphs, variables and factors.
	BadGraph      = "bad-graph"       // sizes that a topology does not have
	BadVariable   = "bad-variable"    // a variable without nodes, or placed where it cannot be
	BadSlots      = "bad-slots"       // slots that do not suit how rows or weights are given
	SameNode      = "same-node"       // one node twice in one row
	RepeatedRow   = "repeated-row"    // the same nodes in two rows of one factor
	WeightsShape  = "weights-shape"   // weights of another shape than the factor's
	NotFinite     = "not-finite"      // a number that is, or becomes, infinite or NaN
	SameSeed      = "same-seed"       // warning: two factors draw the same random words
	NoRows        = "no-rows"         // a factor without rows
	NoNeighbours  = "no-neighbours"   // warning: a node that no factor joins to another
	EmptySet      = "empty-set"       // a reference that names no node
	CyclicGroup   = "cyclic-group"    // a group defined by itself
	NothingToDraw = "nothing-to-draw" // warning: every node is clamped

	// The schedule.
	BlockNeighbours = "block-neighbours" // neighbours that one block or superblock updates together
	NodeTwice       = "node-twice"       // a node in two blocks
	NodeMissing     = "node-missing"     // a free node in no block
	ClampTwice      = "clamp-twice"      // a node under two clamps
	ClampValue      = "clamp-value"      // a value that its node cannot take
	ClampShape      = "clamp-shape"      // values of another shape than the reference's
	InitValue       = "init-value"       // a start that its variable cannot have
	BetasLength     = "betas-length"     // not one beta for each warm-up sweep
)
