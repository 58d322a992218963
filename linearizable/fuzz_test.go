package linearizable

import (
	"context"
	"testing"

	"jcheck/check"
	"jcheck/history"
)

func FuzzCheck(f *testing.F) {
	// Without this, some history that nobody thought of could end in a panic, or be judged in two ways.
	for _, d := range Datatypes() {
		for _, fn := range d.Functions {
			f.Add("{:process 0 :type :invoke :f :"+fn+" :value [1 [2 3]]}{:process 0 :type :ok :f :"+fn+" :value [1 2]}", d.Name, uint8(0))
		}
	}
	f.Add("{:process 0 :type :invoke :f :write :value 1}{:process 1 :type :invoke :f :read}{:process 1 :type :ok :f :read :value 1}{:process 0 :type :info :f :write}", "register", uint8(1))
	f.Add("{:process 0 :type :invoke :f :inc :value [0 [0 0]]}{:process 0 :type :ok}", "counter", uint8(0)) // keyed, and not
	f.Add("{:process 0 :type :fail :f :cas :value [0 1]}{:process 0 :type :invoke :f :txn :value [[:r :x nil] [:w :x 2]]}", "", uint8(3))
	f.Fuzz(func(t *testing.T, text, datatype string, choice uint8) {
		h, err := history.Read(context.Background(), "fuzz", []byte(text), history.Options{Lenient: true})
		if err != nil {
			return
		}
		o := Options{Datatype: datatype, Failed: FailedOps(choice & 1), Order: Order(choice >> 1 & 1), MaxConfigurations: 500, MaxBytes: 4 << 20}
		if _, err := Find(datatype); err != nil {
			if o.Datatype, err = Recognise(h); err != nil {
				return
			}
		}
		var known check.Verdict
		for _, e := range []Engine{AutoEngine, FastEngine, SearchEngine, PorcupineEngine} {
			o.Engine = e
			r, _ := Witness(context.Background(), h, o)
			if r.Verdict == check.Unknown && len(r.Reasons) == 0 {
				t.Fatalf("engine %s says unknown without a reason", e)
			}
			if r.Verdict != check.Unknown && known != check.Unknown && r.Verdict != known {
				t.Fatalf("engine %s says %s, another says %s", e, r.Verdict, known)
			}
			if r.Verdict != check.Unknown {
				known = r.Verdict
			}
		}
	})
}
