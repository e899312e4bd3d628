package main

import (
	"fmt"
	"math"
	"reflect"
	"time"

	"go.temporal.io/sdk/temporal"
)

// order has its fields in the order that the other languages write: the alphabet's.
type order struct {
	Count int      `json:"count"`
	Item  string   `json:"item"`
	Price *float64 `json:"price"`
	Size  string   `json:"size"`
	Tags  []string `json:"tags"`
}

// kind is one of the values that travel, as cpp/values.h has them. name is the activity's.
type kind struct {
	name  string
	value any
	echo  any  // The activity: gives back what it gets.
	same  bool // Whether all SDKs write the same bytes.
}

func kindOf[T any](name string, value T, same bool) kind {
	echo := func(got T) (T, error) {
		if !reflect.DeepEqual(got, value) {
			return got, temporal.NewNonRetryableApplicationError(fmt.Sprintf("got %#v", got), "", nil)
		}
		return got, nil
	}
	return kind{name, value, echo, same}
}

func pointer[T any](value T) *T { return &value }

// Of times each language writes the fraction in its own way.
var kinds = []kind{
	kindOf("echo_null", (*string)(nil), true),
	kindOf("echo_bool", true, true),
	kindOf("echo_int", int64(math.MinInt64), true),
	kindOf("echo_safe_int", int64(1-1<<53), true), // As far as JavaScript's numbers go.
	kindOf("echo_double", -0.1, true),
	kindOf("echo_large_double", 1e300, true),
	kindOf("echo_text", "a \"b\" \\ / \n", true),
	kindOf("echo_unicode", "\u00fc \U0001f40c", true),
	kindOf("echo_bytes", []byte{0, 255, '"'}, true),
	kindOf("echo_list", [][]int{{1, 2}, {}, {-3}}, true),
	kindOf("echo_map", map[string]*bool{"b": pointer(true), "a": nil, "": pointer(false)}, true),
	kindOf("echo_numbered", map[int]string{1: "one", 20: "twenty"}, true),
	kindOf("echo_order", order{3, "cup", pointer(2.5), "small", []string{"red", "round"}}, true),
	kindOf("echo_size", "large", true),
	kindOf("echo_time", time.Date(2026, 11, 21, 22, 31, 42, 500_000_000, time.UTC), false),
	kindOf("echo_duration", "PT90.5S", true), // Go's own converter has no durations but numbers.
}
