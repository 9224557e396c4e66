package admin

import (
	"errors"
	"testing"

	"holter/model"
)

func TestWhyTellsOfTheRest(t *testing.T) {
	if e := why(nil); e != nil {
		t.Errorf("%+v", e)
	}
	if e := why(model.Errorf(model.Gone, "c3 is closed already")); e == nil || e.Code != model.Gone {
		t.Errorf("%+v", e)
	}
	if e := why(errors.New("of the machine room")); e == nil || e.Message == "of the machine room" {
		t.Errorf("%+v", e)
	}
}
