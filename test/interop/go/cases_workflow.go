package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

// A workflow in Go whose activities C++ runs: only where the server has workflows, Temporal's own.

// workflowCases are those of the role "workflows".
var workflowCases []sentenceAndRun

func init() {
	add := func(sentence string, run func(*bench, client.Client)) {
		workflowCases = append(workflowCases, sentenceAndRun{sentence, func(b *bench) { run(b, b.client) }})
	}
	hidden := func(sentence string, run func(*bench, client.Client)) {
		add(sentence, run)
		workflowCases = append(workflowCases,
			sentenceAndRun{sentence + ", through a codec", func(b *bench) { run(b, b.hidden) }})
	}
	hidden("values of every kind go from a workflow to C++ and back", workflowSendsValues)
	hidden("a C++ failure reaches the workflow with its causes", workflowSeesFailure)
	add("C++ knows the workflow that its activity belongs to", workflowIsKnown)
	add("retries in C++ end with success, with the last attempt's failure, or at a listed type", workflowRetries)
	add("each timeout reaches the workflow with its type", workflowTimeouts)
	add("a canceled workflow cancels its C++ activity, and waits for it", workflowCancels)
	add("a killed C++ worker's activity resumes in another from its heartbeat details", workflowResumes)
	add("a pause and a reset of a workflow's activity are seen by heartbeat", workflowPauses)
	add("a C++ activity stops when its workflow has been terminated", workflowTerminated)
	add("what a workflow's C++ activity left open is completed by Go", workflowCompletedBy("Go"))
	add("what a workflow's Go activity left open is completed by C++", workflowCompletedBy("C++"))
}

// served is ctx with activity options that suit most cases.
func served(ctx workflow.Context, queue string, change ...func(*workflow.ActivityOptions)) workflow.Context {
	it := workflow.ActivityOptions{
		ActivityID:          "step",
		TaskQueue:           queue,
		StartToCloseTimeout: 30 * time.Second,
		HeartbeatTimeout:    10 * time.Second,
		WaitForCancellation: true,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: 100 * time.Millisecond},
	}
	for _, apply := range change {
		apply(&it)
	}
	return workflow.WithActivityOptions(ctx, it)
}

func brief(it *workflow.ActivityOptions) { it.HeartbeatTimeout = 2 * time.Second }

// checked makes the end of a workflow out of what a case would panic with.
func checked(run func()) (err error) {
	defer func() {
		switch why := recover().(type) {
		case nil:
		case failed:
			err = temporal.NewNonRetryableApplicationError(string(why), "Failed", nil)
		default:
			panic(why)
		}
	}()
	run()
	return nil
}

// workflow runs the story as a workflow; during sees it run. It must end well.
func (b *bench) workflow(c client.Client, story func(workflow.Context), during func(client.WorkflowRun)) {
	queue := newID("workflows")
	w := worker.New(c, queue, worker.Options{})
	w.RegisterWorkflowWithOptions(func(ctx workflow.Context) error { return checked(func() { story(ctx) }) },
		workflow.RegisterOptions{Name: "story"})
	check(w.Start() == nil, "the workflow's worker does not start")
	defer w.Stop()
	run := must(c.ExecuteWorkflow(b, client.StartWorkflowOptions{ID: newID("workflow"), TaskQueue: queue}, "story"))
	if during != nil {
		during(run)
	}
	err := run.Get(b, nil)
	check(err == nil, "the workflow: %v", err)
}

// pending is what the server tells of the activity that the workflow waits for.
func (b *bench) pending(run client.WorkflowRun) *workflowpb.PendingActivityInfo {
	seen := must(b.client.DescribeWorkflowExecution(b, run.GetID(), run.GetRunID())).PendingActivities
	if len(seen) == 0 {
		return nil
	}
	return seen[0]
}

func (b *bench) untilPendingBeats(run client.WorkflowRun) {
	until("a heartbeat", func() bool { return b.pending(run).GetHeartbeatDetails() != nil })
}

func workflowSendsValues(b *bench, c client.Client) {
	queue := newID("values")
	b.cppWorker(c, queue, func() {
		b.workflow(c, func(ctx workflow.Context) {
			for _, it := range kinds {
				got := reflect.New(reflect.TypeOf(it.value))
				err := workflow.ExecuteActivity(served(ctx, queue), it.name, it.value).Get(ctx, got.Interface())
				check(err == nil, "%s: %v", it.name, err)
				equal(got.Elem().Interface(), it.value)
			}
			err := workflow.ExecuteActivity(served(ctx, queue), "nothing").Get(ctx, nil)
			check(err == nil, "nothing: %v", err)
		}, nil)
	})
}

// endsWith is the error that the activity ends with, as a workflow gets it: the outer one of the SDK, and what is in it.
func endsWith[T error](ctx workflow.Context, name string, arguments ...any) (*temporal.ActivityError, T) {
	var outer *temporal.ActivityError
	var inner T
	err := workflow.ExecuteActivity(ctx, name, arguments...).Get(ctx, nil)
	check(errors.As(err, &outer) && errors.As(outer.Unwrap(), &inner), "%s ended with %v (%T)", name, err, err)
	return outer, inner
}

func workflowSeesFailure(b *bench, c client.Client) {
	queue := newID("refused")
	b.cppWorker(c, queue, func() {
		b.workflow(c, func(ctx workflow.Context) {
			outer, card := endsWith[*temporal.ApplicationError](served(ctx, queue), "refuse_card")
			equal(outer.RetryState(), enumspb.RETRY_STATE_NON_RETRYABLE_FAILURE)
			checkCard(card)
		}, nil)
	})
}

func workflowIsKnown(b *bench, c client.Client) {
	queue := newID("known")
	b.cppWorker(c, queue, func() {
		b.workflow(c, func(ctx workflow.Context) {
			var seen map[string]string
			err := workflow.ExecuteActivity(served(ctx, queue), "whose").Get(ctx, &seen)
			check(err == nil, "%v", err)
			mine := workflow.GetInfo(ctx)
			equal(seen, map[string]string{
				"workflow_id": mine.WorkflowExecution.ID, "workflow_run_id": mine.WorkflowExecution.RunID,
				"workflow_type": "story", "activity_id": "step", "run_id": "", "namespace": "default",
			})
		}, nil)
	})
}

func workflowRetries(b *bench, c client.Client) {
	queue := newID("retries")
	b.cppWorker(c, queue, func() {
		b.workflow(c, func(ctx workflow.Context) {
			var attempt int
			err := workflow.ExecuteActivity(served(ctx, queue), "flaky", 2).Get(ctx, &attempt)
			check(err == nil && attempt == 3, "attempt %d: %v", attempt, err)

			twice := served(ctx, queue, func(it *workflow.ActivityOptions) { it.RetryPolicy.MaximumAttempts = 2 })
			outer, last := endsWith[*temporal.ApplicationError](twice, "flaky", 9)
			equal(outer.RetryState(), enumspb.RETRY_STATE_MAXIMUM_ATTEMPTS_REACHED)
			equal([]string{last.Message(), last.Type()}, []string{"attempt 2", "Flaky"})

			listed := served(ctx, queue, func(it *workflow.ActivityOptions) {
				it.RetryPolicy.NonRetryableErrorTypes = []string{"Flaky"}
			})
			_, last = endsWith[*temporal.ApplicationError](listed, "flaky", 9)
			equal(last.Message(), "attempt 1")
		}, nil)
	})
}

func workflowTimeouts(b *bench, c client.Client) {
	queue, nobody := newID("times-out"), newID("nobody-polls")
	timeouts := []struct {
		activity string
		change   func(*workflow.ActivityOptions)
		expected enumspb.TimeoutType
	}{
		{"hold", func(it *workflow.ActivityOptions) { it.StartToCloseTimeout = time.Second },
			enumspb.TIMEOUT_TYPE_START_TO_CLOSE},
		{"hold", func(it *workflow.ActivityOptions) { it.HeartbeatTimeout = time.Second },
			enumspb.TIMEOUT_TYPE_HEARTBEAT},
		{"greet", func(it *workflow.ActivityOptions) { it.TaskQueue, it.ScheduleToStartTimeout = nobody, time.Second },
			enumspb.TIMEOUT_TYPE_SCHEDULE_TO_START},
		{"hold", func(it *workflow.ActivityOptions) { it.ScheduleToCloseTimeout = time.Second },
			enumspb.TIMEOUT_TYPE_SCHEDULE_TO_CLOSE},
	}
	b.cppWorker(c, queue, func() {
		b.workflow(c, func(ctx workflow.Context) {
			for _, it := range timeouts {
				once := func(to *workflow.ActivityOptions) { to.RetryPolicy.MaximumAttempts = 1 }
				_, end := endsWith[*temporal.TimeoutError](served(ctx, queue, once, it.change), it.activity)
				equal(end.TimeoutType(), it.expected)
			}
		}, nil)
	})
}

func workflowCancels(b *bench, c client.Client) {
	queue := newID("cancels")
	b.cppWorker(c, queue, func() {
		b.workflow(c, func(ctx workflow.Context) {
			endsWith[*temporal.CanceledError](served(ctx, queue, brief), "beat", newID("no-mark"))
		}, func(run client.WorkflowRun) {
			b.untilPendingBeats(run)
			err := b.client.CancelWorkflow(b, run.GetID(), run.GetRunID())
			check(err == nil, "cancel: %v", err)
		})
	})
}

func workflowResumes(b *bench, c client.Client) {
	queue, mark := newID("resumes"), filepath.Join(os.TempDir(), newID("mark"))
	defer os.Remove(mark)
	b.workflow(c, func(ctx workflow.Context) {
		var found string
		err := workflow.ExecuteActivity(served(ctx, queue, brief), "beat", mark).Get(ctx, &found)
		check(err == nil, "%v", err)
		equal(found, "attempt 2 after beating")
	}, func(run client.WorkflowRun) {
		b.killedCppWorker(c, queue, func() { b.untilPendingBeats(run) })
		createMark(mark)
		b.cppWorker(c, queue, func() { check(run.Get(b, nil) == nil, "the workflow failed") })
	})
}

func workflowPauses(b *bench, c client.Client) {
	queue, mark := newID("pauses"), filepath.Join(os.TempDir(), newID("mark"))
	defer os.Remove(mark)
	raw := b.client.WorkflowService()
	story := func(ctx workflow.Context) {
		var found string
		err := workflow.ExecuteActivity(served(ctx, queue, brief), "beat", mark).Get(ctx, &found)
		check(err == nil, "%v", err)
		equal(found, "attempt 2 after beating") // In a workflow a reset calls the running attempt the first.
	}
	b.cppWorker(c, queue, func() {
		b.workflow(c, story, func(run client.WorkflowRun) {
			b.untilPendingBeats(run)
			must(raw.PauseActivityExecution(b, &workflowservice.PauseActivityExecutionRequest{
				Namespace: "default", WorkflowId: run.GetID(), ActivityId: "step", Identity: "raw", Reason: "wait",
			}))
			until("paused", func() bool { return b.pending(run).State == enumspb.PENDING_ACTIVITY_STATE_PAUSED })
			must(raw.UnpauseActivityExecution(b, &workflowservice.UnpauseActivityExecutionRequest{
				Namespace: "default", WorkflowId: run.GetID(), ActivityId: "step", Identity: "raw",
			}))
			until("a heartbeat of attempt 2", func() bool {
				now := b.pending(run)
				return now.Attempt == 2 && now.State == enumspb.PENDING_ACTIVITY_STATE_STARTED &&
					now.LastHeartbeatTime.AsTime().After(now.LastStartedTime.AsTime())
			})
			createMark(mark)
			must(raw.ResetActivityExecution(b, &workflowservice.ResetActivityExecutionRequest{
				Namespace: "default", WorkflowId: run.GetID(), ActivityId: "step", Identity: "raw",
			}))
		})
	})
}

// The worker would wait ten seconds at its end for an activity that goes on.
func workflowTerminated(b *bench, c client.Client) {
	queue := newID("terminated")
	var told time.Time
	b.cppWorker(c, queue, func() {
		over := errors.New("terminated")
		err := checked(func() {
			b.workflow(c, func(ctx workflow.Context) {
				_ = workflow.ExecuteActivity(served(ctx, queue, brief), "beat", newID("no-mark")).Get(ctx, nil)
			}, func(run client.WorkflowRun) {
				b.untilPendingBeats(run)
				check(b.client.TerminateWorkflow(b, run.GetID(), run.GetRunID(), over.Error()) == nil, "terminate")
			})
		})
		check(err != nil, "the workflow ended well")
		told = time.Now()
	})
	check(time.Since(told) < 8*time.Second, "the worker ended after %v", time.Since(told))
}

// workflowCompletedBy completes with the token, in one language, what an activity in the other left open.
func workflowCompletedBy(language string) func(*bench, client.Client) {
	return func(b *bench, c client.Client) {
		b.otherWorker(language, c, func(queue, ticket string) {
			b.workflow(c, func(ctx workflow.Context) {
				var said string
				err := workflow.ExecuteActivity(served(ctx, queue), "hand_on", ticket).Get(ctx, &said)
				check(err == nil, "%v", err)
				equal(said, fmt.Sprintf("completed by %s", language))
			}, func(client.WorkflowRun) {
				until("a token", func() bool { return exists(ticket) })
				b.completeWith(c, language, ticket)
			})
		})
	}
}
