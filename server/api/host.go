package api

import (
	"time"

	"holter/model"
)

// Host is a sample of the machine and of holter's own process.
type Host struct {
	Time             time.Time `json:"time"`
	CPUPercent       float64   `json:"cpu_percent"` // of the whole machine
	CoresPercent     []float64 `json:"cores_percent"`
	MemoryUsedBytes  uint64    `json:"memory_used_bytes"`
	MemoryTotalBytes uint64    `json:"memory_total_bytes"`
	Load1            float64   `json:"load_1"`
	Load5            float64   `json:"load_5"`
	Load15           float64   `json:"load_15"`
	Process          Process   `json:"process"`
}

// maxCores bounds the cores that are read from another holter.
const maxCores = 1024

// Process is the use of resources by holter's own process.
type Process struct {
	RSSBytes   uint64  `json:"rss_bytes"`
	CPUPercent float64 `json:"cpu_percent"` // of one core
	Goroutines int     `json:"goroutines"`
	OpenFiles  int     `json:"open_files"`
	MaxFiles   uint64  `json:"max_files"`
}

// FromHost converts h.
func FromHost(h *model.Host) Host {
	w := Host{
		Time: h.Time.UTC(), CPUPercent: finite(h.CPU), CoresPercent: make([]float64, len(h.Cores)),
		MemoryUsedBytes: h.MemoryUsed, MemoryTotalBytes: h.MemoryTotal,
		Load1: finite(h.Load1), Load5: finite(h.Load5), Load15: finite(h.Load15),
		Process: Process{
			RSSBytes: h.Process.RSS, CPUPercent: finite(h.Process.CPU), Goroutines: h.Process.Goroutines,
			OpenFiles: h.Process.OpenFiles, MaxFiles: h.Process.MaxFiles,
		},
	}
	for i, core := range h.Cores {
		w.CoresPercent[i] = finite(core)
	}
	return w
}

// Model converts h back.
func (h *Host) Model() model.Host {
	return model.Host{
		Time: h.Time, CPU: h.CPUPercent, Cores: newest(h.CoresPercent, maxCores),
		MemoryUsed: h.MemoryUsedBytes, MemoryTotal: h.MemoryTotalBytes,
		Load1: h.Load1, Load5: h.Load5, Load15: h.Load15,
		Process: model.Process{
			RSS: h.Process.RSSBytes, CPU: h.Process.CPUPercent, Goroutines: h.Process.Goroutines,
			OpenFiles: h.Process.OpenFiles, MaxFiles: h.Process.MaxFiles,
		},
	}
}
