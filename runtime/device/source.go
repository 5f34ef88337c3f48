package device

import "embed"

// Source are the files of this package that a built program has in it.
//
//go:embed doc.go job.go process.go gpus.go engine.go kept.go observe.go terms.go
var Source embed.FS
