package server

import (
	"flag"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	flag.Set("test.parallel", "8") // unless the command line says otherwise: these tests wait, they do not compute
	goleak.VerifyTestMain(m)
}
