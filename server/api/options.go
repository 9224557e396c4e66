package api

// Options are the settings of a command that attaches to another holter.
type Options struct {
	URL   string `arg:"" help:"Address of the other holter's admin plane, such as http://127.0.0.1:7071."`
	Token string `placeholder:"SECRET" help:"Token that the other holter was started with."`
}

// Help is shown by holter attach --help.
func (Options) Help() string {
	return `The screen is the one that the other holter would have shown. It stays when the other holter is gone, and goes on when that is back.

Examples:

    holter attach 127.0.0.1:7071
    HOLTER_TOKEN=secret holter attach https://ops.example/holter`
}

// Validate is called by kong.
func (o Options) Validate() error {
	if o.URL == "" {
		return nil // kong says it better
	}
	_, err := ParseAddress(o.URL)
	return err
}
