module github.com/thrmlgen/thrmlgen

go 1.24.0

require (
	github.com/dave/jennifer v1.7.1
	github.com/spf13/cobra v1.10.2
	golang.org/x/tools v0.38.0
	gonum.org/v1/gonum v0.16.0
	gopkg.in/yaml.v3 v3.0.1
)

require (
	github.com/inconshreveable/mousetrap v1.1.0 // indirect
	github.com/spf13/pflag v1.0.9 // indirect
	golang.org/x/mod v0.29.0 // indirect
	golang.org/x/sync v0.17.0 // indirect
)
