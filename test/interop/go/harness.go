package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"reflect"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
)

const (
	caseTime = 40 * time.Second // What a case may take, however slow the machine is.
	// So many run at once. A C++ worker hears of a cancel at the next heartbeat, seconds later: they wait together.
	casesAtOnce = 4
)

// bench is what a case gets. What is not as expected ends the case by a panic with a failed.
type bench struct {
	context.Context
	address string
	client  client.Client // As plain clients are.
	hidden  client.Client // With the codec, for values and the texts of failures.
	cpp     string        // Our SDK's program.
}

type failed string

func check(fits bool, format string, values ...any) {
	if !fits {
		panic(failed(fmt.Sprintf(format, values...)))
	}
}

func equal(seen, expected any) {
	check(reflect.DeepEqual(seen, expected), "saw %#v, expected %#v", seen, expected)
}

func must[T any](value T, err error) T {
	check(err == nil, "%v", err)
	return value
}

type sentenceAndRun struct {
	sentence string
	run      func(*bench)
}

var cases []sentenceAndRun

func addCase(sentence string, run func(*bench)) { cases = append(cases, sentenceAndRun{sentence, run}) }

func connect(address string, change func(*client.Options)) (client.Client, error) {
	options := client.Options{
		HostPort:                address,
		WorkerHeartbeatInterval: time.Second,
		// Attempts that fail on purpose are no news.
		Logger: log.NewStructuredLogger(slog.New(slog.NewTextHandler(io.Discard, nil))),
	}
	if change != nil {
		change(&options)
	}
	return client.Dial(options)
}

// runCases runs those whose sentence has the words; name is what run.sh knows them by.
func runCases(name string, cases []sentenceAndRun, address, words string) error {
	plain, err := connect(address, nil)
	if err != nil {
		return err
	}
	defer plain.Close()
	hidden, err := connect(address, scrambled)
	if err != nil {
		return err
	}
	defer hidden.Close()
	passed, bad := 0, 0
	var tell sync.Mutex
	var running sync.WaitGroup
	free := make(chan struct{}, casesAtOnce)
	for _, it := range cases {
		if !strings.Contains(it.sentence, words) {
			continue
		}
		free <- struct{}{}
		running.Go(func() {
			began := time.Now()
			problem := runCase(it.run, &bench{nil, address, plain, hidden, os.Getenv("LONGBEAT_INTEROP_CPP")})
			tell.Lock()
			defer tell.Unlock()
			if problem != "" {
				bad++
				fmt.Printf("FAILED  %s  %s: %s\n", name, it.sentence, problem)
			} else {
				passed++
				fmt.Printf("ok      %s  %s (%.1f s)\n", name, it.sentence, time.Since(began).Seconds())
			}
			<-free
		})
	}
	running.Wait()
	fmt.Printf("%s: %d passed, %d failed\n", name, passed, bad)
	if bad > 0 || passed == 0 {
		return errors.New("not all cases passed")
	}
	return nil
}

func runCase(run func(*bench), b *bench) (problem string) {
	ctx, done := context.WithTimeout(context.Background(), caseTime)
	defer done()
	b.Context = ctx
	defer func() {
		switch why := recover().(type) {
		case nil:
		case failed:
			problem = string(why)
		default:
			panic(why)
		}
	}()
	run(b)
	return ""
}

func newID(name string) string { return name + "-" + uuid.NewString()[:8] }

// options that suit most cases.
func options(queue string, change ...func(*client.StartActivityOptions)) client.StartActivityOptions {
	it := client.StartActivityOptions{
		ID:                  newID("go"),
		TaskQueue:           queue,
		StartToCloseTimeout: 30 * time.Second,
		HeartbeatTimeout:    10 * time.Second,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: 100 * time.Millisecond},
	}
	for _, apply := range change {
		apply(&it)
	}
	return it
}

func (b *bench) start(queue, activity string, args ...any) client.ActivityHandle {
	return must(b.client.ExecuteActivity(b, options(queue), activity, args...))
}

func get[T any](b *bench, handle client.ActivityHandle) T {
	var value T
	err := handle.Get(b, &value)
	check(err == nil, "%v", err)
	return value
}

// failureOf is what the caller learns of an activity that must not succeed.
func failureOf[T error](b *bench, handle client.ActivityHandle) T {
	var found T
	err := handle.Get(b, nil)
	check(errors.As(err, &found), "it ended with %v (%T)", err, err)
	return found
}

func (b *bench) describe(handle client.ActivityHandle) *client.ActivityExecutionDescription {
	return must(handle.Describe(b, client.DescribeActivityOptions{
		IncludeInput: true, IncludeOutcome: true, IncludeHeartbeatDetails: true, IncludeLastFailure: true,
	}))
}

func until(what string, fits func() bool) {
	for range 200 {
		if fits() {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	check(false, "never: %s", what)
}

func (b *bench) untilBeaten(handle client.ActivityHandle) {
	until("a heartbeat", func() bool { return b.describe(handle).HasHeartbeatDetails() })
}

// goWorker serves queue while during runs.
func (b *bench) goWorker(c client.Client, queue string, during func()) {
	w := newWorker(c, queue, 0)
	check(w.Start() == nil, "the worker does not start")
	defer w.Stop()
	during()
}

func newWorker(c client.Client, queue string, patience time.Duration) worker.Worker {
	w := worker.New(c, queue, worker.Options{
		Identity: "the Go worker",
		// The SDK holds heartbeats back for up to 80% of the timeout; here a case waits for each.
		MaxHeartbeatThrottleInterval: 100 * time.Millisecond,
		WorkerStopTimeout:            patience,
	})
	registerActivities(w)
	return w
}

func (b *bench) cppArguments(c client.Client, role, queue string) []string {
	arguments := []string{role, b.address, queue}
	if c == b.hidden {
		arguments = append(arguments, "scrambled")
	}
	return arguments
}

func (b *bench) startCppWorker(c client.Client, queue string) *exec.Cmd {
	child := exec.Command(b.cpp, b.cppArguments(c, "worker", queue)...)
	child.Stderr = os.Stderr
	check(child.Start() == nil, "%s does not start", b.cpp)
	return child
}

func kill(child *exec.Cmd) {
	child.Process.Kill()
	child.Wait()
}

// cppWorker has our SDK serve queue while during runs; then it must end in good order.
func (b *bench) cppWorker(c client.Client, queue string, during func()) {
	child := b.startCppWorker(c, queue)
	fine := false
	defer func() {
		if !fine {
			kill(child)
		}
	}()
	during()
	check(child.Process.Signal(syscall.SIGTERM) == nil, "it is gone")
	fine = true
	err := child.Wait()
	check(err == nil, "the C++ worker: %v", err)
}

// killedCppWorker has our SDK serve queue while during runs, and then no chance to say anything.
func (b *bench) killedCppWorker(c client.Client, queue string, during func()) {
	child := b.startCppWorker(c, queue)
	defer kill(child)
	during()
}

// runCpp says nothing when all was as expected.
func (b *bench) runCpp(c client.Client, role, queue string) {
	child := exec.CommandContext(b, b.cpp, b.cppArguments(c, role, queue)...)
	var said bytes.Buffer
	child.Stdout, child.Stderr = &said, &said
	err := child.Run()
	check(err == nil && said.Len() == 0, "%v: %s", err, strings.TrimSpace(said.String()))
}
