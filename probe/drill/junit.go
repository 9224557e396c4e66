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
	Skipped   int        `xml:"skipped,attr"`
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
	Error   *failure `xml:"error"`
	Skipped *skipped `xml:"skipped"`
}

type skipped struct {
	Message string `xml:"message,attr"`
}

type failure struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
	Text    string `xml:",chardata"`
}

// ending is the name of the test case that is in error if a drill ends early. Without it a CI server would take a report
// whose other cases are skipped for a success.
const ending = "the drill ends with a verdict"

// WriteJUnit writes the report as JUnit XML, with a test case for each expectation. After an early end, those that were
// not judged are skipped, and one more case is in error.
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
		switch {
		case c.Open:
			one.Skipped = &skipped{c.Found}
			s.Skipped++
		case !c.Held:
			one.Failure = &failure{c.Found, "expectation", c.Expectation + ": " + c.Found}
		}
		s.Cases = append(s.Cases, one)
	}
	if r.Early != nil {
		s.Tests, s.Errors = s.Tests+1, 1
		s.Cases = append(s.Cases, testCase{
			Class: "holter.drill." + r.Drill, Name: ending, Time: took,
			Error: &failure{r.reason(), "early end", "drill " + r.Drill + ": " + r.verdict()},
		})
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
