// Functions of one's own for a type that has no PayloadCodec.
#include "compile/either.h"
#include "compile/text_codec.h"

using namespace longbeat;

struct Money {
  int cents = 0;
};

void converters(DataConverter& converter) {
  // expect: longbeat: no PayloadCodec for this type. Include <longbeat/json.h> and give the type to_json/from_json
  converter.use<EITHER(int, Money)>([](const EITHER(int, Money)&) { return Payload(); },
                                    [](const Payload&) { return EITHER(int, Money)(); });
}
