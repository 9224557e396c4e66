package endpoint

import (
	"log/slog"

	"github.com/gin-gonic/gin"

	"holter/model"
	"holter/server/plane"
)

// renderErrors answers the errors of all handlers after it: the last one that a handler has recorded, or a
// panic.
func renderErrors(log *slog.Logger) gin.HandlerFunc {
	return func(c *gin.Context) {
		defer func() {
			if p := recover(); p != nil {
				plane.LogPanic(log, c.Request, p)
				render(c, plane.ErrBland)
			}
		}()
		c.Next()
		if last := c.Errors.Last(); last != nil {
			render(c, plane.Presentable(log, c.Request, last.Err))
		}
	}
}

// render answers with err unless an answer is on its way already. The answer is text: people and their
// browsers read it.
func render(c *gin.Context, err error) {
	if !c.Writer.Written() {
		c.String(plane.StatusOf(model.ErrorCode(err)), "%s\n", err)
	}
}

// fail records err as the answer and keeps later handlers from running.
func fail(c *gin.Context, err error) {
	c.Error(err)
	c.Abort()
}
