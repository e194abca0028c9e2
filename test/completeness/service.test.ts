import { testCompletenessOfService } from './service-contract.ts'

testCompletenessOfService(async () => 'sqlite')
