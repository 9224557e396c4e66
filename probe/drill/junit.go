package drill

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"
)

// suites is the root of the XML format that JUnit's Ant task writes and that CI servers read.
type suites struct {
	XMLName xml.Name `xml:"testsuites"`
	Suites  []suite  `xml:"testsuite"`
}

type suite struct {
	Name      string     `xml:"name,attr"`
	Tests     int        `xml:"tests,attr"`
	Failures  int        `xml:"failures,attr"`
	Errors    int        `xml:"errors,attr"`
	Time      string     `xml:"time,attr"` // seconds
	Timestamp string     `xml:"timestamp,attr"`
	Cases     []testCase `xml:"testcase"`
	Output    output     `xml:"system-out"`
}

type output struct {
	Text string `xml:",cdata"`
}

type testCase struct {
	Class   string   `xml:"classname,attr"`
	Name    string   `xml:"name,attr"`
	Time    string   `xml:"time,attr"`
	Failure *failure `xml:"failure"`
}

type failure struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
	Text    string `xml:",chardata"`
}

// WriteJUnit writes the report as JUnit XML, with a test case for each expectation.
func (r *Report) WriteJUnit(w io.Writer) error {
	var text strings.Builder
	r.WriteText(&text)
	took := fmt.Sprintf("%.3f", r.Took.Seconds())
	s := suite{
		Name: "holter drill " + r.Drill, Tests: len(r.Checks), Failures: r.Failures(), Time: took,
		Timestamp: r.Started.UTC().Format(time.RFC3339), Output: output{text.String()},
	}
	for _, c := range r.Checks {
		one := testCase{Class: "holter.drill." + r.Drill, Name: c.Expectation, Time: took}
		if !c.Held {
			one.Failure = &failure{c.Found, "expectation", c.Expectation + ": " + c.Found}
		}
		s.Cases = append(s.Cases, one)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(suites{Suites: []suite{s}}); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}
