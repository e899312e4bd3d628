package main

import (
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"google.golang.org/protobuf/proto"
)

const scrambledEncoding = "binary/scrambled"

// scramble is a codec as cpp/scramble.h has it: the whole payload, each byte turned over, in a new one.
type scramble struct{}

func flipped(data []byte) []byte {
	out := make([]byte, len(data))
	for i, it := range data {
		out[i] = it ^ 0x5a
	}
	return out
}

func (scramble) Encode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	out := make([]*commonpb.Payload, len(payloads))
	for i, it := range payloads {
		bytes, err := proto.Marshal(it)
		if err != nil {
			return nil, err
		}
		out[i] = &commonpb.Payload{
			Metadata: map[string][]byte{converter.MetadataEncoding: []byte(scrambledEncoding)},
			Data:     flipped(bytes),
		}
	}
	return out, nil
}

func (scramble) Decode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	out := make([]*commonpb.Payload, len(payloads))
	for i, it := range payloads {
		out[i] = it
		if string(it.GetMetadata()[converter.MetadataEncoding]) != scrambledEncoding {
			continue
		}
		out[i] = &commonpb.Payload{}
		if err := proto.Unmarshal(flipped(it.GetData()), out[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// scrambled hides the texts of failures too.
func scrambled(options *client.Options) {
	options.DataConverter = converter.NewCodecDataConverter(converter.GetDefaultDataConverter(), scramble{})
	options.FailureConverter = temporal.NewDefaultFailureConverter(temporal.DefaultFailureConverterOptions{
		DataConverter: options.DataConverter, EncodeCommonAttributes: true,
	})
}
