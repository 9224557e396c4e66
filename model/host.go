package model

import "time"

// Host is a sample of the machine and of this process. A figure that the platform does not have is 0.
type Host struct {
	Time  time.Time
	CPU   float64   // percent of the whole machine, 0…100
	Cores []float64 // percent of each core

	MemoryUsed, MemoryTotal uint64 // bytes
	Load1, Load5, Load15    float64

	Process Process
}

// Process is what this process uses.
type Process struct {
	RSS        uint64  // bytes
	CPU        float64 // percent of one core, so it may be above 100
	Goroutines int
	OpenFiles  int
	MaxFiles   uint64
}
