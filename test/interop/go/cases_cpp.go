package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"google.golang.org/protobuf/proto"
)

// Go and C++ together: values, codecs, heartbeat details, tokens and failures from one to the other.

func init() {
	if os.Getenv("LONGBEAT_INTEROP_CPP") == "" {
		return
	}
	plainAndScrambled("values of every kind go from Go to C++ and back", goCalls)
	plainAndScrambled("values of every kind go from C++ to Go and back", cppCalls("values"))
	plainAndScrambled("a C++ attempt resumes from what a Go attempt left", handOver(true))
	plainAndScrambled("a Go attempt resumes from what a C++ attempt left", handOver(false))
	plainAndScrambled("what a Go activity left open is completed by C++", completeFrom("C++"))
	plainAndScrambled("what a C++ activity left open is completed by Go", completeFrom("Go"))
	plainAndScrambled("a C++ failure reaches Go with its causes", goSeesFailure)
	plainAndScrambled("a Go failure reaches C++ with its causes", cppCalls("failure"))
	addCase("a killed C++ worker's activity resumes in Go from its heartbeat details", func(b *bench) {
		queue := newID("killed")
		handle := b.startAndKill(queue, b.cpp, b.cppArguments(b.client, "worker", queue)...)
		b.goWorker(b.client, queue, func() {
			equal(get[resumed](b, handle), resumed{"Go", 2, progress{4, "K\u00f6ln"}, "from C++"})
		})
	})
	addCase("a killed Go worker's activity resumes in C++ from its heartbeat details", func(b *bench) {
		queue := newID("killed")
		handle := b.startAndKill(queue, must(os.Executable()), "worker", b.address, queue)
		b.cppWorker(b.client, queue, func() {
			equal(get[resumed](b, handle), resumed{"C++", 2, progress{4, "K\u00f6ln"}, "from Go"})
		})
	})
	addCase("C++ retries, cancels, pauses, resets, terminates, times out and lists what a Go worker runs",
		func(b *bench) { cppCalls("control")(b, b.client) })
}

// plainAndScrambled is a case, and once more with a codec that both have.
func plainAndScrambled(sentence string, run func(*bench, client.Client)) {
	addCase(sentence, func(b *bench) { run(b, b.client) })
	addCase(sentence+", through a codec", func(b *bench) { run(b, b.hidden) })
}

// cppCalls has C++ call what Go serves.
func cppCalls(role string) func(*bench, client.Client) {
	return func(b *bench, c client.Client) {
		queue := newID(role)
		b.goWorker(c, queue, func() { b.runCpp(c, role, queue) })
	}
}

func (b *bench) rawResult(id string) *commonpb.Payload {
	var raw converter.RawValue
	handle := b.client.GetActivityHandle(client.GetActivityHandleOptions{ActivityID: id})
	check(handle.Get(b, &raw) == nil, "no result of %s", id)
	return raw.Payload()
}

func goCalls(b *bench, c client.Client) {
	queue := newID("values")
	b.cppWorker(c, queue, func() {
		for _, it := range kinds {
			handle := must(c.ExecuteActivity(b, options(queue), it.name, it.value))
			var raw converter.RawValue
			err := handle.Get(b, &raw)
			check(err == nil, "%s: %v", it.name, err)
			sent := must(converter.GetDefaultDataConverter().ToPayload(it.value))
			check(!it.same || proto.Equal(raw.Payload(), sent), "%s: sent %v, got %v", it.name, sent, raw.Payload())
			if c == b.hidden {
				equal(string(b.rawResult(handle.GetID()).Metadata[converter.MetadataEncoding]), scrambledEncoding)
			}
		}
		handle := must(c.ExecuteActivity(b, options(queue), "nothing"))
		check(handle.Get(b, nil) == nil, "nothing: an error")
	})
}

// handOver runs the first attempt in one language; then the activity moves to the queue of the other.
func handOver(goFirst bool) func(*bench, client.Client) {
	return func(b *bench, c client.Client) {
		goQueue, cppQueue := newID("go"), newID("cpp")
		first, second, expected := cppQueue, goQueue, resumed{"Go", 2, progress{4, "K\u00f6ln"}, "from C++"}
		if goFirst {
			first, second, expected = goQueue, cppQueue, resumed{"C++", 2, progress{4, "K\u00f6ln"}, "from Go"}
		}
		folder := must(os.MkdirTemp("", "longbeat-interop-"))
		defer os.RemoveAll(folder)
		start := filepath.Join(folder, "start")
		b.cppWorker(c, cppQueue, func() {
			b.goWorker(c, goQueue, func() {
				handle := must(c.ExecuteActivity(b, options(first), "resume", start))
				b.untilNewest(handle)
				must(handle.UpdateOptions(b, client.ActivityOptionsUpdate{
					TaskQueue: &client.ActivityOptionChange[string]{Value: &second}}))
				check(os.WriteFile(start, nil, 0o600) == nil, "no file")
				equal(get[resumed](b, handle), expected)
			})
		})
	}
}

// startAndKill starts resume, whose first attempt is in a process that is killed once its newest details are there.
func (b *bench) startAndKill(queue, program string, arguments ...string) client.ActivityHandle {
	child := exec.Command(program, arguments...)
	child.Stderr = os.Stderr
	check(child.Start() == nil, "%s does not start", program)
	defer child.Wait()
	defer child.Process.Kill()
	brief := options(queue, func(it *client.StartActivityOptions) { it.HeartbeatTimeout = 2 * time.Second })
	handle := must(b.client.ExecuteActivity(b, brief, "resume", "/nonexistent"))
	b.untilNewest(handle)
	return handle
}

func (b *bench) untilNewest(handle client.ActivityHandle) {
	until("the newest details", func() bool {
		var left progress
		seen := b.describe(handle)
		return seen.HasHeartbeatDetails() && seen.GetHeartbeatDetails(&left) == nil && left.Step == 4
	})
}

// completeFrom completes with the token, in one language, what an activity in the other left open.
func completeFrom(language string) func(*bench, client.Client) {
	return func(b *bench, c client.Client) {
		b.otherWorker(language, c, func(queue, ticket string) {
			handle := must(c.ExecuteActivity(b, options(queue), "hand_on", ticket))
			until("a token", func() bool { return exists(ticket) })
			b.completeWith(c, language, ticket)
			equal(get[string](b, handle), "completed by "+language)
			var left progress
			check(b.describe(handle).GetHeartbeatDetails(&left) == nil, "no details")
			equal(left, progress{5, "from " + language})
		})
	}
}

// otherWorker has the language that is not this one serve a queue while during runs; ticket is a file for a token.
func (b *bench) otherWorker(language string, c client.Client, during func(queue, ticket string)) {
	serve := b.goWorker
	if language == "Go" {
		serve = b.cppWorker
	}
	folder := must(os.MkdirTemp("", "longbeat-interop-"))
	defer os.RemoveAll(folder)
	queue, ticket := newID("handed-on"), filepath.Join(folder, "ticket")
	serve(c, queue, func() { during(queue, ticket) })
}

// completeWith completes the activity whose token is in the file ticket, after a heartbeat.
func (b *bench) completeWith(c client.Client, language, ticket string) {
	if language != "Go" {
		b.runCpp(c, "complete", ticket)
		return
	}
	token := must(os.ReadFile(ticket))
	err := c.RecordActivityHeartbeat(b, token, progress{5, "from Go"})
	check(err == nil, "heartbeat: %v", err)
	err = c.CompleteActivity(b, token, "completed by Go", nil)
	check(err == nil, "completion: %v", err)
}

func goSeesFailure(b *bench, c client.Client) {
	queue := newID("refused")
	b.cppWorker(c, queue, func() {
		handle := must(c.ExecuteActivity(b, options(queue), "refuse_card"))
		card := failureOf[*temporal.ApplicationError](b, handle)
		checkCard(card)
		if c == b.hidden {
			raw := b.describe(handle).RawResponse.GetInfo().GetLastFailure()
			equal([]string{raw.Message, raw.Cause.Message, raw.Cause.Cause.Message},
				[]string{"Encoded failure", "Encoded failure", "Encoded failure"})
		}
	})
}

// checkCard is about what a C++ activity refused, down to the root.
func checkCard(card *temporal.ApplicationError) {
	equal([]any{card.Message(), card.Type(), card.NonRetryable()}, []any{"no such card", "CardRefused", true})
	var details map[string]int
	var text string
	check(card.Details(&details, &text) == nil, "no details")
	equal([]any{details, text}, []any{map[string]int{"card": 7}, "blocked"})
	var bank, root *temporal.ApplicationError
	check(errors.As(errors.Unwrap(card), &bank), "no cause: %v", card)
	var number int
	check(bank.Details(&number) == nil, "no details of the cause")
	equal([]any{bank.Message(), bank.Type(), number}, []any{"the bank said no", "BankError", 7})
	check(errors.As(errors.Unwrap(bank), &root), "no root: %v", bank)
	equal([]any{root.Message(), root.Type(), root.Unwrap()}, []any{"line is dead", "std::runtime_error", nil})
}
