// Package cohort finds ends of connections, and suspicions, that belong together: those of the same silence, of the same
// age, or of the same moment, and those of one kind of client. One connection that is cut shows nothing but its end. Many
// show what cut them.
//
// A Watch gets each end as it happens, and looks at them a few times a second. Once a cohort is found, it also names the
// ends that it has seen before, and each later one at once.
//
// # How sure it is
//
// A cohort is told only if chance is excluded. Three null hypotheses stand for chance:
//
//   - Ends come at any silence. If a connection may end at any time, an end at a certain silence is as likely as the
//     connection is to be that silent. Each silence passes through all shorter ones, so the density falls, and a window
//     that ends at x and is r wide has at most the probability r/x. The same holds of ages. That bound needs no
//     measurement. Only what is longer than a = 1.5 s is looked at, and of that a window has at most p = r/(x-a). Of n
//     ends, the number of ways to find k within a window of that share is at most C(n,k)·k·p^(k-1) on average: the union bound of the scan statistic (Naus, "The distribution of the size of the maximum cluster of
//     points on a line", JASA 60, 1965; Glaz, Naus and Wallenstein, "Scan Statistics", 2001).
//   - Ends come at a constant rate. The number of them in a window is Poisson. Its tail is bounded as Chernoff does.
//   - Each connection is as likely to end as any other. The number of ends with a trait is binomial, with the share of the
//     connections that have the trait; its tail is bounded as Hoeffding does.
//
// Each bound is multiplied by what was tried: the clocks, the sizes of window, the values of traits. The result must be
// below a level that falls with the square of the number of ends, or of looks, so far (see level). The sum of all these
// levels is finite: over the whole life of a Watch, however long, the probability of one cohort by chance stays below
// about 1 in 100.
//
// Ends that happen together share their silence and age if the connections share their last byte or their opening. So a
// cut must also have taken connections at three moments that are further apart than its own spread, and a moment must have
// taken connections of different ages. What fits both is told, but not named.
//
// The package is pure: no clock, no goroutine, no socket. Its memory is bounded.
package cohort
