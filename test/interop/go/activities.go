package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
)

type progress struct {
	Step  int    `json:"step"`
	Place string `json:"place"`
}

type resumed struct {
	Language string   `json:"language"`
	Attempt  int      `json:"attempt"`
	Progress progress `json:"progress"`
	Note     string   `json:"note"`
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func attemptOf(ctx context.Context) int { return int(activity.GetInfo(ctx).Attempt) }

func greet(name string) (string, error) { return "hello " + name, nil }

// flaky fails so many attempts; the next one gives back its number. delay overrides the policy's when there is one.
func flaky(ctx context.Context, failures int, delay *int) (int, error) {
	attempt := attemptOf(ctx)
	if attempt > failures {
		return attempt, nil
	}
	var options temporal.ApplicationErrorOptions
	if delay != nil {
		options.NextRetryDelay = time.Duration(*delay) * time.Millisecond
	}
	return 0, temporal.NewApplicationErrorWithOptions(fmt.Sprintf("attempt %d", attempt), "Flaky", options)
}

// beat heartbeats until it is told to stop. Once the file mark is there, an attempt ends at once and tells what it
// found.
func beat(ctx context.Context, mark string) (string, error) {
	if exists(mark) {
		details := "nothing"
		if activity.HasHeartbeatDetails(ctx) {
			if err := activity.GetHeartbeatDetails(ctx, &details); err != nil {
				return "", err
			}
		}
		return fmt.Sprintf("attempt %d after %s", attemptOf(ctx), details), nil
	}
	for {
		activity.RecordHeartbeat(ctx, "beating")
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// hold says nothing, and stays until it is told to stop.
func hold(ctx context.Context) (string, error) {
	<-ctx.Done()
	return "", ctx.Err()
}

// closing ends well once its worker shuts down.
func closing(ctx context.Context) (string, error) {
	activity.RecordHeartbeat(ctx, "running")
	<-activity.GetWorkerStopChannel(ctx)
	return "finished in time", nil
}

// resume fails once the file start is there, and leaves details; the next attempt tells what it found.
func resume(ctx context.Context, start string) (resumed, error) {
	if attemptOf(ctx) > 1 {
		it := resumed{Language: "Go", Attempt: attemptOf(ctx)}
		return it, activity.GetHeartbeatDetails(ctx, &it.Progress, &it.Note)
	}
	activity.RecordHeartbeat(ctx, progress{3, "too early"}, "old")
	activity.RecordHeartbeat(ctx, progress{4, "K\u00f6ln"}, "from Go")
	for !exists(start) {
		time.Sleep(50 * time.Millisecond)
	}
	return resumed{}, errors.New("slipped")
}

// handOn leaves its token in the file path, for whoever completes it.
func handOn(ctx context.Context, path string) (string, error) {
	if err := os.WriteFile(path+".new", activity.GetInfo(ctx).TaskToken, 0o600); err != nil {
		return "", err
	}
	if err := os.Rename(path+".new", path); err != nil {
		return "", err
	}
	return "", activity.ErrResultPending
}

func refuseCard() error {
	bank := temporal.NewApplicationErrorWithCause("the bank said no", "BankError", errors.New("line is dead"), 7)
	card := map[string]int{"card": 7}
	return temporal.NewNonRetryableApplicationError("no such card", "CardRefused", bank, card, "blocked")
}

func registerActivities(w worker.ActivityRegistry) {
	named := map[string]any{
		"greet": greet, "flaky": flaky, "beat": beat, "hold": hold, "closing": closing, "resume": resume,
		"hand_on": handOn, "refuse_card": refuseCard, "nothing": func() error { return nil },
	}
	for _, it := range kinds {
		named[it.name] = it.echo
	}
	for name, function := range named {
		w.RegisterActivityWithOptions(function, activity.RegisterOptions{Name: name})
	}
}

// serveUntilKilled is the process whose end a case is about.
func serveUntilKilled(_ context.Context, address, queue string) error {
	c, err := connect(address, nil)
	if err != nil {
		return err
	}
	defer c.Close()
	return newWorker(c, queue, 0).Run(nil)
}
